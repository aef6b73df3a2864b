import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { registerApplication, signInAt } from './sign-in.ts';
import { runPlatform, type RunningPlatform } from './support.ts';

/**
 * Two client libraries by others walk the whole protocol over TLS. None of their checks is relaxed: all that is
 * given to them is a fetch that trusts the platform's own CA.
 */

const CALLBACK = 'https://app.example/callback';

let running: RunningPlatform;
let dispatcher: Agent;
let issuer: URL;
let admin: { username: string; password: string };

/** The types of Node's own fetch and of undici's differ in names only. */
const trustingFetch = (async (url: string, init: object) =>
  undiciFetch(url, { ...init, dispatcher })) as unknown as oidc.CustomFetch;

beforeAll(async () => {
  running = await runPlatform();
  dispatcher = new Agent({ connect: { ca: running.platform.ca } });
  issuer = new URL(running.platform.baseUrl);
  ({ admin } = running.platform.credentials);
});

afterAll(async () => {
  await dispatcher.close();
  await running.stop();
});

const application = (algorithm: string) =>
  registerApplication(running.client, {
    name: `application by ${algorithm} ${String(Math.random())}`,
    oidc_allowed_redirect_uris: [CALLBACK],
    oidc_grant_type_refresh_token: true,
    oidc_signature_algorithm: algorithm,
  });

const apiClient = () => running.platform.credentials.api_client;

describe('openid-client', () => {
  test.each(['RS256', 'EdDSA'])('signs a person in, with ID tokens by %s', async algorithm => {
    const { clientId, clientSecret } = await application(algorithm);
    const config = await oidc.discovery(
      issuer,
      clientId,
      { client_secret: clientSecret, id_token_signed_response_alg: algorithm },
      oidc.ClientSecretBasic(clientSecret),
      { [oidc.customFetch]: trustingFetch },
    );
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      max_age: '600',
    });
    const callback = await signInAt(running.client, url, admin.username, admin.password);
    const tokens = await oidc.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      maxAge: 600,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    expect(claims).toMatchObject({ aud: clientId, nonce, amr: ['pwd'] });

    const person = await oidc.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '');
    expect(person).toMatchObject({ sub: claims?.sub, preferred_username: admin.username });

    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);
    expect(await oidc.tokenIntrospection(config, renewed.access_token)).toMatchObject({
      active: true,
      client_id: clientId,
      username: admin.username,
    });
    await oidc.tokenRevocation(config, renewed.refresh_token ?? '');
    expect(await oidc.tokenIntrospection(config, renewed.access_token)).toEqual({ active: false });
    await expect(oidc.refreshTokenGrant(config, renewed.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test.each([
    ['client_secret_basic', oidc.ClientSecretBasic],
    ['client_secret_post', oidc.ClientSecretPost],
  ])('signs a program in by client credentials, with %s', async (_method, authentication) => {
    const { id, secret } = apiClient();
    const config = await oidc.discovery(issuer, id, secret, authentication(secret), {
      [oidc.customFetch]: trustingFetch,
    });
    const tokens = await oidc.clientCredentialsGrant(config);
    const read = await running.client.call('GET', '/role-store/api/v1/roles', {
      token: tokens.access_token,
    });
    expect(read.status).toBe(200);
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toMatchObject({
      active: true,
      sub: id,
      client_id: id,
    });
    await oidc.tokenRevocation(config, tokens.access_token);
    expect(await oidc.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
  });
});

describe('oauth4webapi', () => {
  const options = { [oauth.customFetch]: trustingFetch };

  test.each(['oidc', 'oauth2'] as const)('walks everything after discovery by %s', async algorithm => {
    const { clientId, clientSecret } = await application('RS256');
    const client: oauth.Client = { client_id: clientId };
    const authentication = oauth.ClientSecretBasic(clientSecret);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm, ...options }),
    );

    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: clientId,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'openid email',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }).toString();
    const callback = await signInAt(running.client, url, admin.username, admin.password);
    const parameters = oauth.validateAuthResponse(server, client, callback, state);
    const granted = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        CALLBACK,
        verifier,
        options,
      ),
      { expectedNonce: nonce, requireIdToken: true },
    );
    const sub = oauth.getValidatedIdTokenClaims(granted)?.sub ?? '';

    const person = await oauth.processUserInfoResponse(
      server,
      client,
      sub,
      await oauth.userInfoRequest(server, client, granted.access_token, options),
    );
    expect(person.sub).toBe(sub);

    const renewed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        granted.refresh_token ?? '',
        options,
      ),
    );
    const introspect = async (token: string) =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, authentication, token, options),
      );
    expect(await introspect(renewed.access_token)).toMatchObject({ active: true, sub });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, renewed.access_token, options),
    );
    expect(await introspect(renewed.access_token)).toEqual({ active: false });
  });

  test('signs a program in by client credentials', async () => {
    const { id, secret } = apiClient();
    const client: oauth.Client = { client_id: id };
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
    );
    const tokens = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(server, client, oauth.ClientSecretBasic(secret), {}, options),
    );
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 1_800 });
  });
});
