import { invalidField } from '@strongroom/errors/common-errors';
import { Choice, Line, Members, Name, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import {
  AUTH_METHODS,
  DEFAULT_ACCESS_MINUTES,
  DEFAULT_REFRESH_MINUTES,
  isMappableClaim,
  type IdpClient,
} from '../domain/idp-client.ts';
import { isRedirectUri } from '../domain/redirect-uri.ts';
import type { IdpClientInput } from '../operations/idp-clients.ts';
import { stampsView } from './stamps.ts';

/** The application on the wire (contract 1.7). Ids, secret, issuer and times in a body are the server's: dropped. */

const MAX_REFRESH_MINUTES = 30 * 24 * 60;
const Flag = OrNull(Type.Boolean());
const Uris = OrNull(Type.Array(Line(2_048, 1), { maxItems: 50 }));
/** RFC 6749, 3.3. */
const Scope = Type.String({ pattern: '^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$', minLength: 1, maxLength: 64 });

export const IdpClientBody = Members({
  name: Name(256),
  idp_type: OrNull(Choice('oidc', '')),
  oidc_audience: OrNull(Type.Array(Line(256, 1), { maxItems: 20 })),
  oidc_scopes_enabled: OrNull(Type.Array(Scope, { maxItems: 50 })),
  oidc_code_challenge_method_enabled: Flag,
  oidc_auth_method_enabled: OrNull(Choice(...AUTH_METHODS)),
  oidc_auth_method_post: Flag,
  oidc_grant_type_refresh_token: Flag,
  oidc_allowed_redirect_uris: Uris,
  oidc_default_logout_redirect_uri: OrNull(Line(2_048)),
  oidc_allowed_logout_redirect_uris: Uris,
  oidc_attribute_mapping: OrNull(
    Type.Unsafe<Record<string, string>>({
      type: 'object',
      maxProperties: 50,
      propertyNames: Line(128, 1),
      additionalProperties: Line(128, 1),
    }),
  ),
  oidc_signature_algorithm: OrNull(Choice('RS256', 'EdDSA', '')),
  oidc_access_token_valid_in_minutes: OrNull(Type.Integer({ minimum: 1, maximum: 60 })),
  oidc_refresh_token_valid_in_minutes: OrNull(Type.Integer({ minimum: 0, maximum: MAX_REFRESH_MINUTES })),
  user_filter: OrNull(Text(4_096)),
  enabled: Flag,
  container_required: Flag,
});

export const IdpClientResponse = Type.Object(
  { id: Type.String(), name: Type.String(), oidc_client_id: Type.String() },
  { additionalProperties: true },
);

export function toIdpClientInput(body: Static<typeof IdpClientBody>): IdpClientInput {
  const { name, enabled, ...document } = body;
  checkUris('oidc_allowed_redirect_uris', document.oidc_allowed_redirect_uris ?? []);
  checkUris('oidc_allowed_logout_redirect_uris', document.oidc_allowed_logout_redirect_uris ?? []);
  const logout = document.oidc_default_logout_redirect_uri ?? '';
  if (logout !== '' && !isRedirectUri(logout)) throw wrongUri('oidc_default_logout_redirect_uri');
  if (!Object.values(document.oidc_attribute_mapping ?? {}).every(isMappableClaim)) {
    throw invalidField('oidc_attribute_mapping', 'A claim of the protocol cannot be mapped to');
  }
  return { name, isEnabled: enabled ?? undefined, document };
}

function checkUris(property: string, uris: readonly string[]): void {
  const wrong = uris.findIndex(uri => !isRedirectUri(uri));
  if (wrong !== -1) throw wrongUri(`${property}.${wrong}`);
}

const wrongUri = (property: string) =>
  invalidField(
    property,
    'A redirect URI is https, http on the loopback address or of a private scheme with a dot, and has no fragment, user or wildcard',
    'VALUE_INCORRECT_FORMAT',
  );

export const idpClientView = (client: IdpClient, issuer: string, secret: string | undefined) => ({
  ...client.document,
  id: client.id,
  name: client.name,
  idp_type: 'oidc',
  enabled: client.isEnabled,
  oidc_issuer: issuer,
  oidc_audience: client.audiences,
  oidc_client_id: client.clientId,
  ...(secret === undefined ? {} : { oidc_client_secret: secret }),
  oidc_scopes_enabled: client.document.oidc_scopes_enabled ?? client.scopes,
  oidc_response_types_supported: ['code'],
  oidc_grant_types_supported: ['authorization_code', ...(client.allowsRefresh ? ['refresh_token'] : [])],
  // Whatever was sent: PKCE is asked of every application.
  oidc_code_challenge_method_enabled: true,
  oidc_signature_algorithm: client.signatureAlgorithm,
  oidc_access_token_valid_in_minutes:
    client.document.oidc_access_token_valid_in_minutes ?? DEFAULT_ACCESS_MINUTES,
  oidc_refresh_token_valid_in_minutes:
    client.document.oidc_refresh_token_valid_in_minutes ?? DEFAULT_REFRESH_MINUTES,
  ...stampsView(client),
});
