import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_TYPE,
  type AccessTokenClaims,
} from '@strongroom/auth-client/access-token';

export interface TokenIssuer {
  issuer: string;
  /** Serves the JWKS where auth does, and machine tokens: use it as `authUrl`. */
  url: string;
  token: (claims?: Partial<AccessTokenClaims>) => Promise<string>;
  /** `Bearer <token>`. */
  bearer: (claims?: Partial<AccessTokenClaims>) => Promise<string>;
  /** What tokens of services say; tests change it. */
  machine: Partial<AccessTokenClaims>;
  /** What `GET /role-store/api/v1/roles` answers. */
  roles: { id: string; name: string; permissions?: string[] }[];
  /** Paths that answer 503, as those do that need auth's database while it is away. */
  away: Set<string>;
  stop: () => Promise<void>;
}

/** A stand-in for auth with a real key: tokens that it signs are real to the service under test. */
export async function createTokenIssuer(now: () => Date = () => new Date()): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519' });
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: TOKEN_ALGORITHM, use: 'sig' };
  const issuer = 'https://issuer.test';
  const roles: TokenIssuer['roles'] = [];
  const away = new Set<string>();
  const machine: Partial<AccessTokenClaims> = { kind: 'service', permissions: ['roles-view'] };

  async function token(claims: Partial<AccessTokenClaims> = {}): Promise<string> {
    const seconds = Math.floor(now().getTime() / 1000);
    return new SignJWT({
      iss: issuer,
      aud: TOKEN_AUDIENCE,
      sub: randomUUID(),
      exp: seconds + 600,
      nbf: seconds,
      iat: seconds,
      jti: randomUUID(),
      client_id: 'privx-external',
      sid: randomUUID(),
      kind: 'api-client',
      name: 'test client',
      roles: [],
      permissions: [],
      scope: '',
      auth_time: seconds,
      amr: [],
      address: '',
      ...claims,
    })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
      .sign(privateKey);
  }

  const server = createServer((request, response) => {
    const answer = (body: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    const path = request.url?.split('?')[0];
    if (path !== undefined && away.has(path)) response.writeHead(503).end();
    else if (path === '/auth/api/v1/oauth/jwks') answer({ keys: [jwk] });
    else if (path === '/role-store/api/v1/roles') answer({ count: roles.length, items: roles });
    else if (path === '/auth/api/v1/revocations') answer({ sessionIds: [], subjects: [] });
    else if (path === '/auth/api/v1/sessionstorage/sessions/current/renew') {
      request.resume();
      void token().then(value => answer({ access_token: value, expires_in: 1_800 }));
    } else if (path === '/auth/api/v1/oauth/token') {
      request.resume();
      void token(machine).then(value =>
        answer({ access_token: value, token_type: 'Bearer', expires_in: 600 }),
      );
    } else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    issuer,
    url: `http://127.0.0.1:${port}`,
    token,
    bearer: async claims => `Bearer ${await token(claims)}`,
    roles,
    machine,
    away,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
