import type { OAuthClient } from './oauth-client.ts';
import type { User } from './user.ts';

/** Standard claims (OpenID Connect Core, 5.1 and 5.4) and the attribute that each is taken from. */
const CLAIMS_OF_SCOPE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  profile: {
    name: 'full_name',
    given_name: 'first_name',
    family_name: 'last_name',
    locale: 'locale',
  },
  email: { email: 'email' },
  phone: { phone_number: 'telephone' },
};

export const SCOPES = ['openid', 'profile', 'email', 'phone', 'offline_access'] as const;

/** What the scopes of a session let an application know of a person, and its own mapping on top. */
export function userClaims(
  user: User,
  scope: string,
  mapping: OAuthClient['attributeMapping'],
): Record<string, unknown> {
  const scopes = scope.split(' ');
  const claims: Record<string, unknown> = { sub: user.id };
  if (scopes.includes('profile')) claims['preferred_username'] = user.username;
  const wanted = [
    ...scopes.flatMap(word => Object.entries(CLAIMS_OF_SCOPE[word] ?? {})),
    ...Object.entries(mapping).map(([attribute, claim]) => [claim, attribute] as const),
  ];
  for (const [claim, attribute] of wanted) {
    const value = attribute === 'username' ? user.username : attributeOf(user, attribute);
    // `sub` names the person for good and is nobody's to map.
    if (claim !== 'sub' && value !== undefined) claims[claim] = value;
  }
  return claims;
}

function attributeOf(user: User, name: string): string | undefined {
  const value = Object.hasOwn(user.document, name) ? user.document[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
