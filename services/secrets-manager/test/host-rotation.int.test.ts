import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findNamed, HOST_SECRET, HOSTS, MASK, readHost, type Json } from './host-support.ts';
import {
  POLICIES,
  POLICY,
  startTestSecretsManager,
  TEMPLATE,
  TEMPLATES,
  uniqueName,
  type TestSecretsManager,
} from './support.ts';

let sm: TestSecretsManager;
let policy: string;
let template: string;

beforeAll(async () => {
  sm = await startTestSecretsManager();
  policy = await findNamed(sm, POLICIES, 'PrivX default password policy');
  template = await findNamed(sm, TEMPLATES, 'Linux per account command template');
});
afterAll(() => sm.stop());

const put = (id: string, body: unknown) => sm.call('PUT', `${HOSTS}/${id}`, { body });
const secretOf = (id: string) => sm.call('GET', `${HOST_SECRET}/${id}`);
const accountsOf = async (id: string) =>
  ((await secretOf(id)).body['accounts'] as { account: string }[]).map(({ account }) => account);

const block = (more: Json = {}) => ({
  access_group_id: '',
  use_main_account: true,
  operating_system: 'LINUX',
  protocol: 'SSH',
  certificate_validation_options: 'DISABLED',
  password_policy_id: policy,
  script_template_id: template,
  ...more,
});

/** As Terraform's test of hosts sends it. */
const rotated = (more: Json = {}) => ({
  common_name: 'tf-acc-host-rotation',
  addresses: ['192.0.2.7'],
  external_id: `tf-ext-${randomUUID()}`,
  services: [{ service: 'SSH', address: '192.0.2.7', port: 2222, use_for_password_rotation: true }],
  password_rotation_enabled: true,
  password_rotation: block(),
  principals: [
    {
      principal: 'tf-acc-rotate',
      rotate: true,
      use_for_password_rotation: true,
      use_user_account: false,
      passphrase: 'InitPaSS-123',
    },
  ],
  ...more,
});

describe('a host whose passwords are rotated', () => {
  test('gets its host secret and accounts, and shows how they fare', async () => {
    const id = await sm.create(HOSTS, rotated());
    const read = await readHost(sm, id);
    expect(read).toMatchObject({
      password_rotation_enabled: true,
      password_rotation: {
        ...block(),
        rotation_status: [{ principal: 'tf-acc-rotate', last_error_details: '' }],
        created_by: sm.caller.sub,
      },
      principals: [
        { principal: 'tf-acc-rotate', rotate: true, use_for_password_rotation: true, passphrase: MASK },
      ],
    });
    const [status] = (read['password_rotation'] as { rotation_status: Json[] }).rotation_status;
    expect(status).not.toHaveProperty('last_rotated');
    expect(status).not.toHaveProperty('last_error');
    const { body, text } = await secretOf(id);
    expect(body).toMatchObject({
      metadata: {
        host_id: id,
        address: '192.0.2.7',
        port: 2222,
        operating_system: 'linux',
        protocol: 'SSH',
        use_main_account: true,
        main_account: 'tf-acc-rotate',
        policy_id: policy,
        password_policy_id: policy,
        script_template_id: template,
      },
      accounts: [{ account: 'tf-acc-rotate', host_id: id, created_by: sm.caller.sub }],
    });
    expect(text).not.toContain('InitPaSS-123');
  });

  test("keeps it through Terraform's update, which sends the whole host back", async () => {
    const id = await sm.create(HOSTS, rotated());
    const before = await readHost(sm, id);
    const { body: secretBefore } = await secretOf(id);
    expect((await put(id, { ...before, comment: 'step2-update' })).status).toBe(200);
    const after = await readHost(sm, id);
    expect(after).toMatchObject({ comment: 'step2-update', external_id: before['external_id'] });
    expect((await secretOf(id)).body['accounts']).toEqual(secretBefore['accounts']);
  });

  test('loses accounts that are rotated no longer, unless something was stored for them', async () => {
    const principals = ['one', 'two', 'three'].map(principal => ({ principal, rotate: true }));
    const password_rotation = block({ use_main_account: false });
    const host = rotated({ principals, password_rotation });
    const id = await sm.create(HOSTS, host);
    expect(await accountsOf(id)).toEqual(['one', 'three', 'two']);
    await sm.superuser.query(
      `UPDATE accounts SET last_rotated = now() WHERE host_id = $1 AND account = 'two'`,
      [id],
    );
    expect((await put(id, { ...host, principals: principals.slice(0, 1) })).status).toBe(200);
    expect(await accountsOf(id)).toEqual(['one']);
    const rows = await sm.superuser.query<Json>(
      'SELECT account, is_rotated FROM accounts WHERE host_id = $1 ORDER BY account',
      [id],
    );
    expect(rows).toEqual([
      { account: 'one', is_rotated: true },
      { account: 'two', is_rotated: false },
    ]);
    // Switched off, and the one that has a history keeps the host secret that it needs.
    await put(id, { ...host, password_rotation_enabled: false });
    expect((await secretOf(id)).body).toMatchObject({ accounts: [], metadata: { host_id: id } });
    await put(id, { ...host, principals: principals.slice(1) });
    expect(await accountsOf(id)).toEqual(['three', 'two']);
    expect((await secretOf(id)).body['accounts']).toMatchObject([
      {},
      { last_rotated: expect.any(String) as unknown },
    ]);
  });

  test('loses its host secret when rotation is switched off before anything was rotated, and when it is deleted', async () => {
    const host = rotated();
    const id = await sm.create(HOSTS, host);
    await put(id, { ...host, password_rotation_enabled: false, password_rotation: null });
    expect((await secretOf(id)).status).toBe(404);
    expect(await readHost(sm, id)).not.toHaveProperty('password_rotation');
    await put(id, host);
    await sm.call('DELETE', `${HOSTS}/${id}`);
    expect((await secretOf(id)).status).toBe(404);
  });

  test('keeps an initial password until another one is given', async () => {
    const sealed = async (id: string) => {
      const rows = await sm.superuser.query<{ sealed: Buffer }>(
        'SELECT sealed_initial_password AS sealed FROM accounts WHERE host_id = $1',
        [id],
      );
      return rows[0]?.sealed.toString('hex');
    };
    const host = rotated();
    const id = await sm.create(HOSTS, host);
    const first = await sealed(id);
    expect(first).toMatch(/^[0-9a-f]{100,}$/);
    const [principal] = host.principals;
    await put(id, { ...host, principals: [{ ...principal, passphrase: '' }] });
    expect(await sealed(id)).toBe(first);
    await put(id, { ...host, principals: [{ ...principal, passphrase: 'R0tatePaSS-456' }] });
    expect(await sealed(id)).not.toBe(first);
  });

  test('is reached by WinRM as its block says', async () => {
    const windows = await sm.create(TEMPLATE, {
      name: uniqueName('t'),
      operating_system: 'WINDOWS',
      script: 'x',
    });
    const password_rotation = block({
      operating_system: 'WINDOWS',
      protocol: 'WINRM',
      winrm_address: 'win.example',
      winrm_port: 5985,
      certificate_validation_options: 'ENABLED',
      winrm_host_certificate_trust_anchors: 'PEM',
      script_template_id: windows,
    });
    const id = await sm.create(HOSTS, rotated({ services: [], password_rotation }));
    expect((await secretOf(id)).body['metadata']).toMatchObject({
      address: 'win.example',
      port: 5985,
      operating_system: 'windows',
      protocol: 'WINRM',
      certificate_validation_options: 'ENABLED',
      winrm_host_certificate_trust_anchors: 'PEM',
    });
    expect((await readHost(sm, id))['password_rotation']).toMatchObject(password_rotation);
    // Terraform sends no address and port 0 when they are unset.
    const unset = { ...password_rotation, winrm_address: '', winrm_port: 0 };
    await put(id, rotated({ services: [], password_rotation: unset }));
    expect((await secretOf(id)).body['metadata']).toMatchObject({ address: '192.0.2.7', port: 5986 });
  });

  test.each<[what: string, change: () => Json, property: string]>([
    ['no block', () => ({ password_rotation: null }), 'password_rotation'],
    [
      'no policy',
      () => ({ password_rotation: block({ password_policy_id: '' }) }),
      'password_rotation.password_policy_id',
    ],
    [
      'an unknown policy',
      () => ({ password_rotation: block({ password_policy_id: template }) }),
      'password_rotation.password_policy_id',
    ],
    [
      'a policy that is no id',
      () => ({ password_rotation: block({ password_policy_id: 'plum' }) }),
      'password_rotation.password_policy_id',
    ],
    [
      'no template',
      () => ({ password_rotation: block({ script_template_id: null }) }),
      'password_rotation.script_template_id',
    ],
    [
      'an unknown template',
      () => ({ password_rotation: block({ script_template_id: policy }) }),
      'password_rotation.script_template_id',
    ],
    [
      'a template of another system',
      () => ({ password_rotation: block({ operating_system: 'WINDOWS' }) }),
      'password_rotation.script_template_id',
    ],
    [
      'an unknown system',
      () => ({ password_rotation: block({ operating_system: 'PLAN9' }) }),
      'password_rotation.operating_system',
    ],
    [
      'an unknown protocol',
      () => ({ password_rotation: block({ protocol: 'TELNET' }) }),
      'password_rotation.protocol',
    ],
    [
      'a wrong option',
      () => ({ password_rotation: block({ certificate_validation_options: 'MAYBE' }) }),
      'password_rotation.certificate_validation_options',
    ],
    ['no service of SSH', () => ({ services: [{ service: 'RDP' }] }), 'services'],
    ['no address', () => ({ addresses: [], services: [{ service: 'SSH' }] }), 'addresses'],
    ['no main account', () => ({ principals: [{ principal: 'x', rotate: true }] }), 'principals'],
    [
      'an account without a name',
      () => ({ password_rotation: block({ use_main_account: false }), principals: [{ rotate: true }] }),
      'principals.0.principal',
    ],
  ])('with %s is refused', async (_what, change, property) => {
    const id = await sm.create(HOSTS, rotated());
    for (const [method, path] of [
      ['POST', HOSTS],
      ['PUT', `${HOSTS}/${id}`],
    ] as const) {
      const { status, body } = await sm.call(method, path, { body: rotated(change()) });
      expect([status, body['property']]).toEqual([400, property]);
    }
    expect(await accountsOf(id)).toEqual(['tf-acc-rotate']);
  });

  test('holds on to its policy and its template', async () => {
    const own = await sm.create(POLICY, { name: uniqueName('p') });
    const script = await sm.create(TEMPLATE, {
      name: uniqueName('t'),
      operating_system: 'LINUX',
      script: 'id',
    });
    const id = await sm.create(
      HOSTS,
      rotated({ password_rotation: block({ password_policy_id: own, script_template_id: script }) }),
    );
    for (const path of [`${POLICY}/${own}`, `${TEMPLATE}/${script}`, `${POLICY}/${script}`]) {
      expect((await sm.call('DELETE', path)).status).toBe(409);
    }
    await sm.call('DELETE', `${HOSTS}/${id}`);
    expect((await sm.call('DELETE', `${POLICY}/${own}`)).status).toBe(200);
    expect((await sm.call('DELETE', `${TEMPLATE}/${script}`)).status).toBe(200);
  });
});

describe('a host secret', () => {
  const metadata = (hostId: string, more: Json = {}) => ({
    host_id: hostId,
    address: '192.0.2.9',
    port: 22,
    operating_system: 'linux',
    protocol: '',
    certificate_validation_options: 'DISABLED',
    use_main_account: false,
    policy_id: policy,
    script_template_id: template,
    created_by: '',
    updated_by: '',
    ...more,
  });
  const post = (hostId: string, body: unknown) => sm.call('POST', `${HOST_SECRET}/${hostId}`, { body });

  test('is stored, read and deleted by itself; passwords are never shown', async () => {
    const id = await sm.create(HOSTS, { common_name: 'alone' });
    const marker = `plum-${randomUUID()}`;
    const accounts = [{ account: 'root', initial_password: marker }, { account: 'admin' }];
    const stored = await post(id, {
      metadata: metadata(id, { winrm_main_account_password: marker }),
      accounts,
    });
    expect([stored.status, stored.text.includes(marker)]).toEqual([201, false]);
    expect(stored.body).toEqual((await secretOf(id)).body);
    expect(await accountsOf(id)).toEqual(['admin', 'root']);
    const [row] = await sm.superuser.query<{ text: string; main: Buffer }>(
      'SELECT host_secrets::text AS text, sealed_main_password AS main FROM host_secrets WHERE host_id = $1',
      [id],
    );
    expect(row?.main).toBeInstanceOf(Buffer);
    expect(row?.text).not.toContain(Buffer.from(marker).toString('hex'));
    const byOtherName = metadata(id, { policy_id: '', password_policy_id: policy });
    expect((await post(id, { metadata: byOtherName, accounts: [] })).status).toBe(201);
    expect(await accountsOf(id)).toEqual([]);
    expect((await sm.call('DELETE', `${HOST_SECRET}/${id}`)).status).toBe(200);
    expect((await secretOf(id)).status).toBe(404);
    expect((await sm.call('DELETE', `${HOST_SECRET}/${id}`)).status).toBe(404);
  });

  test.each<[what: string, change: () => Json, property: string]>([
    ['another host', () => ({ host_id: randomUUID() }), 'metadata.host_id'],
    ['no address', () => ({ address: '' }), 'metadata.address'],
    ['port 0', () => ({ port: 0 }), 'metadata.port'],
    ['an unknown system', () => ({ operating_system: 'plan9' }), 'metadata.operating_system'],
    ['no policy', () => ({ policy_id: '' }), 'metadata.password_policy_id'],
    ['an unknown policy', () => ({ policy_id: randomUUID() }), 'metadata.password_policy_id'],
    ['an unknown template', () => ({ script_template_id: randomUUID() }), 'metadata.script_template_id'],
    ['no main account', () => ({ use_main_account: true }), 'metadata.main_account'],
  ])('with %s is refused', async (_what, change, property) => {
    const id = await sm.create(HOSTS, {});
    const { status, body } = await post(id, { metadata: metadata(id, change()), accounts: [] });
    expect([status, body['property']]).toEqual([400, property]);
    expect((await secretOf(id)).status).toBe(404);
  });

  test('of a host that is not there is not found', async () => {
    const id = randomUUID();
    expect((await post(id, { metadata: metadata(id), accounts: null })).status).toBe(404);
    expect((await secretOf(id)).status).toBe(404);
  });
});
