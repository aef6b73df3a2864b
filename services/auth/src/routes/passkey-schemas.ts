import { Members, OrNull, Type } from '@strongroom/schema/types';

/** What browsers answer (Web Authentication, 5.5, as JSON); binary members are base64url. */

const Binary = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9_-]*$', maxLength });
/** A credential id has at most 1,023 bytes. */
const CredentialId = Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 1_364 });
const KeyType = Type.Literal('public-key');

export const Attestation = Members({
  id: CredentialId,
  rawId: CredentialId,
  type: KeyType,
  response: Members({
    clientDataJSON: Binary(4_096),
    attestationObject: Binary(16_384),
    transports: OrNull(Type.Array(Type.String({ pattern: '^[a-z-]{1,32}$' }), { maxItems: 10 })),
  }),
});

/** For the sign-in page's answer. */
export const Assertion = Members({
  id: CredentialId,
  rawId: CredentialId,
  type: KeyType,
  response: Members({
    clientDataJSON: Binary(4_096),
    authenticatorData: Binary(4_096),
    signature: Binary(2_048),
    userHandle: OrNull(Binary(128)),
  }),
});
