import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CREDENTIALS_ROLE } from '@strongroom/contracts/credentials-role';
import { PERMISSIONS } from '@strongroom/contracts/permissions';
import type { RunningService } from '@strongroom/service/serve';
import { eventually } from '@strongroom/testing/eventually';
import { canStartSlapd, ldifEntry, startSlapd, SUFFIX, type TestSlapd } from '@strongroom/testing/slapd';
import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';
import { domainAccount } from '../../../services/secrets-manager/src/domain/account-path.ts';
import {
  candidateName,
  credentialName,
} from '../../../services/secrets-manager/src/domain/credential-names.ts';
import { carryOutRotation } from '../../../services/secrets-manager/src/operations/carry-out-rotation.ts';
import { beat } from '../../../services/secrets-manager/src/operations/heartbeat.ts';
import { requestRotation } from '../../../services/secrets-manager/src/operations/request-rotation.ts';
import { claimNextRotation } from '../../../services/secrets-manager/src/store/rotations.ts';
import { openTarget } from '../../../services/secrets-manager/src/targets/open-target.ts';
import { Crash, dyingReplica } from './dying-replica.ts';
import {
  SECRETS_MANAGER,
  startRotationLab,
  type Answer,
  type Json,
  type RotationLab,
} from './rotation-lab.ts';

/** Passwords of accounts in a real directory, with rotations as they are and a real vault. */

const INITIAL = 'as-It-Was-1';
const LIMITS = { deadlineMs: 20_000 };
const CRASHED = Array.from({ length: 60 }, (_, index) => `crash${index}`);
const OTHERS = ['plain', 'Smith, "J." (ops)*', 'moved', 'self', 'held', 'told', 'beating', 'unknown'];

const placeOf = (uid: string) =>
  `uid=${uid.replace(/[^\w]/g, found => `\\${Buffer.from(found).toString('hex')}`)},${SUFFIX}`;

((await canStartSlapd()) ? describe : describe.skip)('accounts in a directory', () => {
  let lab: RotationLab;
  let manager: RunningService;
  let slapd: TestSlapd;
  let policy: string;
  let domain: string;
  const role = randomUUID();

  beforeAll(async () => {
    slapd = await startSlapd({ anyoneReads: true });
    const people = [...OTHERS, ...CRASHED].map(uid =>
      ldifEntry(placeOf(uid), {
        objectClass: ['inetOrgPerson'],
        uid,
        cn: uid,
        sn: uid,
        userPassword: INITIAL,
      }),
    );
    await slapd.load(people.join(''));
    lab = await startRotationLab();
    lab.issuer.roles.push({ id: role, name: 'dba' });
    manager = await lab.startManager();
    policy = await create('password-policy', {
      name: 'directory',
      number_of_retries: 100,
      max_versions: 2,
      rotate_on_release: true,
    });
    domain = await addDomain();
  });
  afterAll(async () => {
    await manager.stop();
    await lab.stop();
    await slapd.stop();
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    lab.call(manager.url, method, `${SECRETS_MANAGER}/${path}`, body);
  async function create(path: string, body: Json): Promise<string> {
    const answer = await call('POST', path, body);
    if (answer.status !== 201) throw new Error(answer.text);
    return String(answer.body['id']);
  }
  const addDomain = (endpoint: Json = {}) =>
    create('targetdomains', {
      name: `directory ${randomUUID()}`,
      endpoints: [
        {
          type: 'LDAP',
          ldap_protocol: 'ldaps',
          ldap_address: '127.0.0.1',
          ldap_port: slapd.tlsPort,
          ldap_base_dn: SUFFIX,
          ldap_bind_dn: slapd.admin.name,
          ldap_bind_password: slapd.admin.password,
          ldap_root_certificates: slapd.ca,
          ...endpoint,
        },
      ],
    });
  const accountsOf = (id: string) => `targetdomains/${id}/managedaccounts`;
  const manage = (username: string, members: Json = {}, id = domain) =>
    create(accountsOf(id), {
      username,
      password_policy: { id: policy },
      rotation_enabled: true,
      roles: [{ id: role }],
      ...members,
    });
  const read = async (id: string, of = domain) => (await call('GET', `${accountsOf(of)}/${id}`)).body;
  const opens = async (uid: string, password: unknown) => {
    const description = {
      kind: 'directory',
      host: '127.0.0.1',
      port: slapd.tlsPort,
      protocol: 'ldaps',
      trust: { ca: slapd.ca },
      baseDn: placeOf(uid),
      signIn: slapd.admin,
      filter: '(objectClass=inetOrgPerson)',
    } as const;
    return openTarget(description, { allowLoopback: true }).proves(uid, String(password), LIMITS);
  };
  const stored = async (username: string, id = domain): Promise<Json> =>
    (await lab.stored(credentialName(domainAccount(id, username)))) ?? {};

  test('are rotated, and the newest version in vault opens them', async () => {
    for (const username of ['plain', 'Smith, "J." (ops)*']) {
      const id = await manage(username);
      expect(await call('POST', `${accountsOf(domain)}/${id}/rotate`)).toMatchObject({ status: 200 });
      await eventually('it is rotated', async () => 'last_rotated' in (await read(id)), 60_000);
      expect(await opens(username, (await stored(username))['password'])).toBe('opens');
      expect(await opens(username, INITIAL)).toBe('refused');
      expect(await read(id)).toMatchObject({
        rotation_state: 'OK',
        rotation_history: [{ version: 1, trigger: 'MANUAL', status: 'SUCCESS' }],
      });
    }
  });

  test('change themselves where nobody is named who changes those of others', async () => {
    const alone = await addDomain({ ldap_bind_dn: '' });
    const id = await manage('self', {}, alone);
    const path = `${accountsOf(alone)}/${id}`;
    await call('POST', `${path}/rotate`);
    await eventually('it has failed', async () => 'last_error' in (await read(id, alone)), 60_000);
    expect(await read(id, alone)).toMatchObject({
      rotation_state: 'FAILED',
      last_error_details: 'the current password of the account is not known',
    });
    await call('POST', `${path}/password`, { password: INITIAL });
    await call('POST', `${path}/rotate`);
    await eventually('it is rotated', async () => 'last_rotated' in (await read(id, alone)), 60_000);
    expect(await opens('self', INITIAL)).toBe('refused');
    expect(await opens('self', (await stored('self', alone))['password'])).toBe('opens');
  });

  test('that a scan has found are known by what never changes, whatever they are called since', async () => {
    await call('POST', `targetdomains/${domain}/refresh`);
    const found = async () =>
      (await call('POST', `targetdomains/${domain}/accounts/search`, { keywords: 'moved' })).body[
        'items'
      ] as Json[];
    await eventually('it is found', async () => (await found()).length === 1, 60_000);
    const [scanned = {}] = await found();
    expect(scanned).toMatchObject({ username: 'moved', source_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const id = await manage('as it was called', { source_id: scanned['source_id'], rotate: true });
    await eventually('it is rotated', async () => 'last_rotated' in (await read(id)), 60_000);
    expect(await opens('moved', INITIAL)).toBe('refused');
    expect(await opens('moved', (await stored('as it was called'))['password'])).toBe('opens');
  });

  test('that the directory does not know are told of, and stay what they are', async () => {
    const id = await manage('nobody', { rotate: true });
    await eventually('it has failed', async () => 'last_error' in (await read(id)), 60_000);
    expect(await read(id)).toMatchObject({
      rotation_state: 'FAILED',
      last_error_details: 'the directory has no such account, or several',
    });
  });

  test('by Entra, or without TLS, are refused with a plain reason', async () => {
    for (const [endpoint, reason] of [
      [{ type: 'ENTRA' }, 'passwords on hosts of this kind cannot be changed yet'],
      [{ ldap_protocol: 'ldap' }, 'directories are spoken to by LDAPS or STARTTLS only'],
    ] as const) {
      const other = await addDomain(endpoint);
      const id = await manage('plain', { rotate: true }, other);
      await eventually('it has failed', async () => 'last_error' in (await read(id, other)), 60_000);
      expect(await read(id, other)).toMatchObject({ rotation_state: 'FAILED', last_error_details: reason });
    }
  });

  test('whose password somebody tells are opened with it', async () => {
    const id = await manage('told', { rotation_enabled: false });
    const path = `${accountsOf(domain)}/${id}/password`;
    expect(await call('POST', path, { password: INITIAL })).toMatchObject({ status: 200 });
    expect(await stored('told')).toMatchObject({ username: 'told', password: INITIAL });
  });

  test('are looked at with the password that is stored', async () => {
    const id = await manage('beating');
    const ctx = await lab.inside();
    const key = domainAccount(domain, 'beating');
    expect(await beat(ctx, key)).toMatchObject({ status: 'unknown' });
    await call('POST', `${accountsOf(domain)}/${id}/password`, { password: INITIAL });
    expect(await beat(ctx, key)).toMatchObject({ status: 'opens' });
    await call('POST', `${accountsOf(domain)}/${id}/password`, { password: 'another' });
    expect(await beat(ctx, key)).toMatchObject({ status: 'refused' });
    expect(await read(id)).toMatchObject({ heartbeat: { status: 'refused' } });
  });

  test('are checked out by who has the role, and changed when they are given back', async () => {
    const id = await manage('held');
    await call('POST', `${accountsOf(domain)}/${id}/password`, { password: INITIAL });
    const holder = await lab.issuer.bearer({ permissions: [], roles: [role] });
    const stranger = await lab.issuer.bearer({
      permissions: PERMISSIONS.filter(each => each !== 'target-domains-manage'),
      roles: [CREDENTIALS_ROLE.id],
    });
    const ask = async (as: string, method: string, path: string, body?: Json) => {
      const response = await fetch(`${manager.url}/authorizer/api/v1/secrets${path}`, {
        method,
        headers: { authorization: as },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Json };
    };
    const path = `domains/${domain}/held`;
    const listed = await ask(holder, 'POST', '/search', { username: 'HELD' });
    expect(listed.body).toMatchObject({
      count: 1,
      items: [{ path, type: 'TARGET_DOMAIN_SECRET', username: 'held', target_domain: { id: domain } }],
    });
    expect((await ask(stranger, 'GET', '')).body).toMatchObject({ count: 0 });
    expect(await ask(stranger, 'POST', '/checkouts', { path })).toMatchObject({ status: 404 });
    const taken = await ask(holder, 'POST', '/checkouts', { path });
    const [checkout = {}] = taken.body['items'] as Json[];
    expect(checkout).toMatchObject({
      path,
      type: 'TARGET_DOMAIN_SECRET',
      managed_account_id: id,
      secrets: [{ version: 1, secret: INITIAL }],
    });
    expect(checkout).not.toHaveProperty('host');
    expect(await read(id)).toMatchObject({ locked: true, checkouts: [{ managed_account_id: id }] });
    const own = `/checkouts/${String(checkout['id'])}`;
    expect(await ask(stranger, 'GET', own)).toMatchObject({ status: 404 });
    expect(await ask(stranger, 'POST', `${own}/release`)).toMatchObject({ status: 404 });
    expect(await ask(holder, 'POST', `${own}/release`)).toMatchObject({ status: 200 });
    await eventually('it is free', async () => (await read(id))['locked'] === false, 60_000);
    expect(await opens('held', INITIAL)).toBe('refused');
    expect(await opens('held', (await stored('held'))['password'])).toBe('opens');
  });

  describe('and a process that dies', () => {
    const usernames = [...CRASHED];
    let replica: SecretsManagerContext;
    beforeAll(async () => {
      await manager.stop();
      replica = await lab.inside();
    });
    afterAll(async () => {
      manager = await lab.startManager();
    });

    /** Takes up what is due, and dies at this moment. How many moments it lived through. */
    async function run(moment: number): Promise<number> {
      await lab.letTimePass();
      const rotation = await claimNextRotation(replica.db, 60_000);
      if (rotation === undefined) throw new Error('nothing is due');
      const { ctx, moments } = dyingReplica(replica, moment, replica.openTarget);
      await carryOutRotation(ctx, rotation, new AbortController().signal).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
      });
      return moments();
    }

    const outcomeOf = async (username: string) =>
      (
        await lab.superuser.query<{ outcome: string | null }>(
          'SELECT outcome FROM rotations WHERE system_id = $1 AND account = $2',
          [domain, username],
        )
      )[0]?.outcome;

    test('at each moment: what opens the account is known, and in the end it is the newest', async () => {
      // What other tests left waiting is none of this one's.
      await lab.superuser.query('DELETE FROM rotations WHERE finished_at IS NULL');
      await lab.superuser.query(
        `INSERT INTO accounts (domain_id, account, is_rotated, created_at, created_by)
         SELECT $1, unnest($2::text[]), true, now(), 'test'`,
        [domain, usernames],
      );
      await lab.superuser.query(
        `INSERT INTO managed_accounts
         SELECT gen_random_uuid(), $1, account, '', '', '', '', '', '{}', $3, true, true, false, '{}', '', '', now(),
           'test', now(), 'test' FROM unnest($2::text[]) AS account`,
        [domain, usernames, policy],
      );
      let lived: number;
      let moment = 0;
      do {
        const username = usernames.pop();
        if (username === undefined) throw new Error('no accounts are left');
        const key = domainAccount(domain, username);
        await replica.db.transaction(tx =>
          requestRotation(replica, tx, { ...key, trigger: 'request', requestedBy: 'test' }),
        );
        lived = await run(moment);
        const current = (await replica.vault.read(credentialName(key))).content?.['password'] ?? INITIAL;
        const candidate = (await replica.vault.read(candidateName(key))).content?.['password'] ?? INITIAL;
        expect([await opens(username, current), await opens(username, candidate)]).toContain('opens');
        for (let rounds = 0; (await outcomeOf(username)) === null; rounds += 1) {
          expect(rounds).toBeLessThan(4);
          await run(Infinity);
        }
        expect(await outcomeOf(username)).toBe('succeeded');
        expect(await opens(username, (await stored(username))['password'])).toBe('opens');
        expect(await opens(username, INITIAL)).toBe('refused');
      } while (lived === moment++);
      expect(moment).toBeGreaterThan(20);
    }, 180_000);
  });
});
