import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HOSTS, MASK } from './host-support.ts';
import { POLICY, startTestSecretsManager, TEMPLATE, uniqueName, type TestSecretsManager } from './support.ts';

let sm: TestSecretsManager;
let policy: string;
let template: string;

beforeAll(async () => {
  sm = await startTestSecretsManager();
  policy = await sm.create(POLICY, { name: uniqueName('policy') });
  template = await sm.create(TEMPLATE, { name: uniqueName('t'), operating_system: 'LINUX', script: 'id' });
});
afterAll(() => sm.stop());

const plum = 'plum-8812';
type Case = [property: string, value: unknown, code: string];

/** Both ways to write: each names the property, lists it in details, and repeats no value. */
async function expectRefused(
  paths: readonly [string, string][],
  body: unknown,
  property: string,
  code: string,
) {
  for (const [method, path] of paths) {
    const answer = await sm.call(method, path, { body });
    expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
      400,
      code,
      property,
    ]);
    expect(answer.body['details']).toContainEqual({
      error_code: code,
      error_message: answer.body['error_message'],
      property,
    });
    expect(answer.text).not.toContain(plum);
  }
}

const names: Case[] = [
  ['name', undefined, 'REQUIRED_VALUE_MISSING'],
  ['name', null, 'VALUE_INCORRECT_TYPE'],
  ['name', '', 'VALUE_OUT_OF_BOUNDS'],
  ['name', 'x'.repeat(257), 'VALUE_OUT_OF_BOUNDS'],
  ['name', '\ufdfa'.repeat(256), 'VALUE_OUT_OF_BOUNDS'],
  ['name', `${plum}\n`, 'VALUE_INCORRECT_FORMAT'],
  ['name', ' \u00ad ', 'VALUE_INCORRECT_FORMAT'],
  ['name', 5, 'VALUE_INCORRECT_TYPE'],
];

describe('a password policy', () => {
  const durations = ['rotation_interval', 'retry_interval', 'max_checkout_duration'].flatMap(
    (name): Case[] => [
      [name, plum, 'VALUE_INCORRECT_FORMAT'],
      [name, '-720h', 'VALUE_INCORRECT_FORMAT'],
      [name, 'PT0S', 'VALUE_INCORRECT_FORMAT'],
      [name, 'P101Y', 'VALUE_INCORRECT_FORMAT'],
      [name, 'x'.repeat(65), 'VALUE_OUT_OF_BOUNDS'],
      [name, 30, 'VALUE_INCORRECT_TYPE'],
    ],
  );
  const counts = [
    ['password_min_length', 1_025],
    ['password_max_length', 1_025],
    ['max_versions', 1_001],
    ['number_of_retries', 101],
    ['max_concurrent_checkouts', 10_001],
  ].flatMap(([name, tooMany]): Case[] => [
    [String(name), -1, 'VALUE_OUT_OF_BOUNDS'],
    [String(name), tooMany, 'VALUE_OUT_OF_BOUNDS'],
    [String(name), 1.5, 'VALUE_INCORRECT_TYPE'],
    [String(name), '16', 'VALUE_INCORRECT_TYPE'],
  ]);
  const flags = [
    'use_special_characters',
    'use_lower_case',
    'use_upper_case',
    'use_numbers',
    'rotate_on_release',
    'verify_after_rotation',
    'fallback_to_previous',
  ].map((name): Case => [name, 'true', 'VALUE_INCORRECT_TYPE']);

  test.each([
    ...names,
    ...durations,
    ...counts,
    ...flags,
    ['delete_version_after', 30, 'VALUE_INCORRECT_TYPE'],
    ['delete_version_after', 'a\0', 'VALUE_INCORRECT_FORMAT'],
    ['password_min_length', 3, 'VALUE_OUT_OF_BOUNDS'],
  ] as Case[])('with %s %j', async (property, value, code) => {
    const paths: [string, string][] = [
      ['POST', POLICY],
      ['PUT', `${POLICY}/${policy}`],
    ];
    await expectRefused(paths, { name: uniqueName('bad'), [property]: value }, property, code);
  });

  test('with limits crossed, and with several faults', async () => {
    const crossed = { name: uniqueName('bad'), password_min_length: 20, password_max_length: 19 };
    await expectRefused([['POST', POLICY]], crossed, 'password_max_length', 'VALUE_OUT_OF_BOUNDS');
    const { body } = await sm.call('POST', POLICY, {
      body: { ...crossed, rotation_interval: 'x', retry_interval: 'y', use_numbers: false },
    });
    expect((body['details'] as { property: string }[]).map(({ property }) => property)).toEqual([
      'rotation_interval',
      'retry_interval',
      'password_max_length',
      'use_lower_case',
    ]);
  });
});

describe('a script template', () => {
  const scripts: Case[] = [
    ['operating_system', undefined, 'REQUIRED_VALUE_MISSING'],
    ['operating_system', '', 'VALUE_INCORRECT_FORMAT'],
    ['operating_system', plum, 'VALUE_INCORRECT_FORMAT'],
    ['operating_system', 1, 'VALUE_INCORRECT_TYPE'],
    ['script', undefined, 'REQUIRED_VALUE_MISSING'],
    ['script', '', 'REQUIRED_VALUE_MISSING'],
    ['script', `{{${plum}}}`, 'VALUE_INCORRECT_FORMAT'],
    ['script', '{{password}}', 'VALUE_INCORRECT_FORMAT'],
    ['script', '{{username', 'VALUE_INCORRECT_FORMAT'],
    ['script', '"{{username}}"', 'VALUE_INCORRECT_FORMAT'],
    ['script', `${plum}\0`, 'VALUE_INCORRECT_FORMAT'],
    ['script', 'x'.repeat(65_537), 'VALUE_OUT_OF_BOUNDS'],
    ['script', 'é'.repeat(32_769), 'VALUE_OUT_OF_BOUNDS'],
    ['script', [plum], 'VALUE_INCORRECT_TYPE'],
  ];
  const good = { operating_system: 'LINUX', script: 'id' };

  test.each(names)('with %s %j', async (property, value, code) => {
    const paths: [string, string][] = [
      ['POST', TEMPLATE],
      ['PUT', `${TEMPLATE}/${template}`],
    ];
    await expectRefused(paths, { ...good, name: uniqueName('bad'), [property]: value }, property, code);
  });

  test.each(scripts)('with %s %j, also to compile', async (property, value, code) => {
    const paths: [string, string][] = [
      ['POST', TEMPLATE],
      ['PUT', `${TEMPLATE}/${template}`],
      ['POST', `${TEMPLATE}/compile`],
    ];
    await expectRefused(paths, { ...good, name: uniqueName('bad'), [property]: value }, property, code);
  });
});

describe('a host', () => {
  const long = 'x'.repeat(1_025);
  test.each<[property: string, body: object, code: string]>([
    ['common_name', { common_name: long }, 'VALUE_OUT_OF_BOUNDS'],
    ['common_name', { common_name: `${plum}\n` }, 'VALUE_INCORRECT_FORMAT'],
    ['addresses', { addresses: plum }, 'VALUE_INCORRECT_TYPE'],
    ['addresses.1', { addresses: [plum, ''] }, 'VALUE_OUT_OF_BOUNDS'],
    ['tags.0', { tags: [{ plum }] }, 'VALUE_INCORRECT_TYPE'],
    ['tags', { tags: Array.from({ length: 201 }, () => plum) }, 'VALUE_OUT_OF_BOUNDS'],
    ['disabled', { disabled: plum }, 'VALUE_INCORRECT_FORMAT'],
    ['disabled', { disabled: true }, 'VALUE_INCORRECT_TYPE'],
    ['deployable', { deployable: 'true' }, 'VALUE_INCORRECT_TYPE'],
    ['comment', { comment: `${plum}\0` }, 'VALUE_INCORRECT_FORMAT'],
    ['services.0.service', { services: [{ port: 22 }] }, 'REQUIRED_VALUE_MISSING'],
    ['services.0.port', { services: [{ service: 'SSH', port: 65_536 }] }, 'VALUE_OUT_OF_BOUNDS'],
    ['services.0.port', { services: [{ service: 'SSH', port: plum }] }, 'VALUE_INCORRECT_TYPE'],
    [
      'services.0.db.audit_skip_bytes',
      { services: [{ service: 'DB', db: { audit_skip_bytes: 0.5 } }] },
      'VALUE_INCORRECT_TYPE',
    ],
    ['principals.0.passphrase', { principals: [{ passphrase: 'x'.repeat(4_097) }] }, 'VALUE_OUT_OF_BOUNDS'],
    ['principals.0.passphrase', { principals: [{ passphrase: MASK }] }, 'VALUE_INCORRECT_FORMAT'],
    ['principals.0.rotate', { principals: [{ rotate: plum }] }, 'VALUE_INCORRECT_TYPE'],
    ['principals.0.roles.0.id', { principals: [{ roles: [{ name: plum }] }] }, 'REQUIRED_VALUE_MISSING'],
    ['principals.0.roles.0.id', { principals: [{ roles: [{ id: plum }] }] }, 'VALUE_INCORRECT_FORMAT'],
    ['principals.0.roles.0.id', { principals: [{ roles: [{ id: randomUUID() }] }] }, 'INVALID_REQUEST_DATA'],
    [
      'principals.0.service_options.ssh.exec',
      { principals: [{ service_options: { ssh: { exec: plum } } }] },
      'VALUE_INCORRECT_TYPE',
    ],
    ['password_rotation.winrm_port', { password_rotation: { winrm_port: -1 } }, 'VALUE_OUT_OF_BOUNDS'],
  ])('with a wrong %s', async (property, body, code) => {
    const paths: [string, string][] = [
      ['POST', HOSTS],
      ['PUT', `${HOSTS}/${await sm.create(HOSTS, {})}`],
      ['POST', `${HOSTS}/deploy`],
    ];
    await expectRefused(paths, body, property, code);
  });

  test('with several faults names each', async () => {
    const { body } = await sm.call('POST', HOSTS, {
      body: { common_name: 1, services: [{ service: 'SSH', port: -1 }], principals: [{ rotate: 1 }] },
    });
    const properties = (body['details'] as { property: string }[]).map(({ property }) => property);
    expect(properties.sort()).toEqual(['common_name', 'principals.0.rotate', 'services.0.port']);
  });

  test.each([
    ['search', { port: ['22'] }, 'port.0'],
    ['search', { id: plum }, 'id'],
    ['search', { keywords: long }, 'keywords'],
    ['resolve', { service: 'SSH' }, 'address'],
    ['resolve', { service: 'SSH', address: 'x', port: 70_000 }, 'port'],
  ])('%s %j', async (path, body, property) => {
    const answer = await sm.call('POST', `${HOSTS}/${path}`, { body });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  });
});

test.each(['not-an-id', randomUUID().slice(1), '%00'])('the id %j', async id => {
  for (const [method, path] of [
    ['GET', `${POLICY}/${id}`],
    ['DELETE', `${TEMPLATE}/${id}`],
    ['POST', `${POLICY}/${id}/generate`],
  ] as const) {
    const answer = await sm.call(method, path);
    expect([answer.status, answer.body['property']]).toEqual([400, 'id']);
  }
});

test.each([
  ['{"name":"plum-8812"', 400],
  ['["plum-8812"]', 400],
  [JSON.stringify({ name: 'x', script: ' '.repeat(600_000) }), 413],
])('a body that cannot be read', async (body, status) => {
  for (const path of [POLICY, TEMPLATE, `${TEMPLATE}/compile`]) {
    const answer = await sm.call('POST', path, { body });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(plum);
  }
});
