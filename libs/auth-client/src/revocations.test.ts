import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  ask,
  at,
  bearer,
  CLAIMS,
  expectRefused,
  from,
  NOW_S,
  REQUEST,
  sign,
  verifier,
} from '../test/signing.ts';
import { createRevocations, type Revocations } from './revocations.ts';

let clock = { seconds: NOW_S };
let revocations: Revocations;
const now = () => new Date(clock.seconds * 1000);

beforeEach(() => {
  clock = { seconds: NOW_S };
  revocations = createRevocations(now, 3);
});

const subject = (id: string, ...permissions: string[]) => ({ id, roles: ['role-1'], permissions });
const permissionsOf = (id: string, issuedAt = NOW_S) => {
  const rights = revocations.rightsOf(id, issuedAt);
  return rights && [...rights.permissions];
};

describe('an ended session', () => {
  test('is refused at once, with a token that was seen before and with one that was not', async () => {
    const verify = verifier(now, revocations);
    const [seen, unseen, other] = await Promise.all([
      sign(CLAIMS),
      sign({ ...CLAIMS, jti: 'token-2' }),
      sign({ ...CLAIMS, sid: 'session-2' }),
    ]);
    await ask(verify, bearer(seen));
    revocations.endSessions(['session-1']);
    expect(() => verify(bearer(seen), REQUEST)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
    await expectRefused(bearer(unseen), verify);
    expect((await ask(verify, bearer(other))).sessionId).toBe('session-2');
  });

  test('is refused also when it ends while its token is being verified', async () => {
    const answer = ask(verifier(now, revocations), bearer(await sign(CLAIMS)));
    revocations.endSessions(['session-1']);
    await expect(answer).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('is remembered until its last token has expired', () => {
    revocations.endSessions(['session-1']);
    clock.seconds += 3_600;
    revocations.endSessions(['session-2']);
    expect(revocations.isEnded('session-1', NOW_S)).toBe(true);
    clock.seconds += 30;
    revocations.endSessions(['session-3']);
    // No token of its time is about any more.
    expect(revocations.isEnded('session-1', NOW_S)).toBe(false);
    expect(revocations.isEnded('session-2', NOW_S)).toBe(true);
  });

  test('of a service is none: services have no session', async () => {
    revocations.endSessions(['session-1']);
    revocations.reduceRights([subject('client-1')]);
    const caller = await ask(
      verifier(now, revocations),
      bearer(await sign({ ...CLAIMS, kind: 'service', permissions: ['roles-view'] })),
    );
    expect([...caller.permissions]).toEqual(['roles-view']);
  });
});

describe('reduced rights', () => {
  test('take roles and permissions from a token, and never add to it', async () => {
    const verify = verifier(now, revocations);
    const authorization = bearer(await sign({ ...CLAIMS, roles: ['role-1', 'role-2'] }));
    await ask(verify, authorization);
    revocations.reduceRights([
      { id: 'client-1', roles: ['role-2', 'role-9'], permissions: ['vault-add', 'users-manage'] },
    ]);
    const caller = await ask(verify, authorization);
    expect(caller).toMatchObject({ id: 'client-1', sessionId: 'session-1', roles: ['role-2'] });
    expect(caller.permissions).toEqual(new Set(['vault-add']));
    expect(verify(authorization, REQUEST)).toBe(caller);
  });

  test('are as announced last', async () => {
    const verify = verifier(now, revocations);
    const authorization = bearer(await sign(CLAIMS));
    revocations.reduceRights([subject('client-1')]);
    expect((await ask(verify, authorization)).permissions).toEqual(new Set());
    revocations.reduceRights([subject('client-1', 'vault-manage')]);
    expect((await ask(verify, authorization)).permissions).toEqual(new Set(['vault-manage']));
  });

  test('do not take what the subject gained after: a later token knows of the change', () => {
    revocations.reduceRights([subject('client-1')]);
    expect(permissionsOf('client-1', NOW_S + 30)).toEqual([]);
    expect(permissionsOf('client-1', NOW_S + 31)).toBeUndefined();
  });

  test('are forgotten when no token of their time is left', () => {
    revocations.reduceRights([subject('client-1')]);
    clock.seconds += 3_629;
    revocations.reduceRights([subject('client-2')]);
    expect(permissionsOf('client-1')).toEqual([]);
    clock.seconds += 1;
    revocations.reduceRights([subject('client-3')]);
    expect(permissionsOf('client-1')).toBeUndefined();
  });
});

test('what was missed replaces what was heard before the question, and not what was heard since', () => {
  revocations.reduceRights([subject('client-3', 'vault-manage')]);
  const mark = revocations.mark();
  revocations.reduceRights([subject('client-1', 'vault-add')]);
  const subjects = [
    subject('client-1', 'vault-add', 'vault-manage'),
    subject('client-2'),
    subject('client-3'),
  ];
  revocations.catchUp({ sessionIds: ['session-1'], subjects }, mark);
  expect(permissionsOf('client-3')).toEqual([]);
  expect(permissionsOf('client-1')).toEqual(['vault-add']);
  expect(permissionsOf('client-2')).toEqual([]);
  expect(revocations.isEnded('session-1', NOW_S)).toBe(true);
});

describe('what the cache kept', () => {
  const at = (seconds: number, id: string, ...permissions: string[]) => ({
    ...subject(id, ...permissions),
    at: NOW_S + seconds,
  });

  test('counts, the newest announcement of a subject last', () => {
    const subjects = [at(-9, 'client-1', 'vault-add'), at(-8, 'client-1')];
    revocations.recall({ sessionIds: ['session-1'], subjects });
    expect(revocations.isEnded('session-1', NOW_S - 60)).toBe(true);
    expect(permissionsOf('client-1', NOW_S - 60)).toEqual([]);
  });

  test('leaves alone what is newer: another announcement, or a token', () => {
    revocations.reduceRights([subject('client-1', 'vault-add')]);
    revocations.recall({ sessionIds: [], subjects: [at(-60, 'client-1'), at(-60, 'client-2')] });
    expect(permissionsOf('client-1')).toEqual(['vault-add']);
    expect(permissionsOf('client-2', NOW_S - 40)).toEqual([]);
    expect(permissionsOf('client-2', NOW_S)).toBeUndefined();
  });

  test('gives way to what auth says', () => {
    revocations.recall({ sessionIds: [], subjects: [at(0, 'client-1')] });
    revocations.catchUp({ sessionIds: [], subjects: [subject('client-1', 'vault-add')] }, revocations.mark());
    expect(permissionsOf('client-1')).toEqual(['vault-add']);
  });
});

describe('when there is no room for more', () => {
  test('tokens of the time of those that were forgotten are refused, and newer ones hold', () => {
    for (const id of ['one', 'two', 'three', 'four']) {
      revocations.endSessions([id]);
      clock.seconds += 100;
    }
    for (const id of ['one', 'two', 'three', 'four']) expect(revocations.isEnded(id, NOW_S)).toBe(true);
    expect(revocations.isEnded('other', NOW_S + 30)).toBe(true);
    expect(revocations.isEnded('other', NOW_S + 31)).toBe(false);
  });

  test('so are those of subjects whose reduction was forgotten', () => {
    for (const id of ['one', 'two', 'three', 'four']) revocations.reduceRights([subject(id)]);
    expect(permissionsOf('one')).toBeUndefined();
    expect(revocations.isEnded('any session', NOW_S)).toBe(true);
  });

  test('one that is announced again takes no further room', () => {
    for (let round = 0; round < 10; round += 1) revocations.reduceRights([subject('client-1')]);
    for (let round = 0; round < 10; round += 1) revocations.endSessions(['session-1']);
    expect(revocations.isEnded('other', NOW_S)).toBe(false);
  });
});

describe('a token that is limited to an address', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7', '::ffff:192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['192.0.2.7', '::FFFF:c000:207'],
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1'],
    ['::1', '0:0:0:0:0:0:0:1'],
  ])('%s holds at %s', async (address, remoteAddress) => {
    const authorization = bearer(await sign({ ...CLAIMS, address }));
    const verify = verifier(at(NOW_S));
    for (let time = 0; time < 2; time += 1)
      expect((await ask(verify, authorization, from(remoteAddress))).id).toBe('client-1');
  });

  test.each([
    ['192.0.2.7', '192.0.2.8'],
    ['192.0.2.7', '::192.0.2.7'],
    ['192.0.2.7', '2002:c000:207::'],
    ['192.0.2.7', ''],
    ['192.0.2.7', '192.0.2.7, 192.0.2.7'],
    ['192.0.2.7', '192.0.2.07'],
    ['2001:db8::1', '2001:db8::1:0'],
    ['fe80::1%eth0', 'fe80::1'],
    ['here', 'here'],
    [' ', ''],
  ])('%j does not hold at %j', async (address, remoteAddress) => {
    const authorization = bearer(await sign({ ...CLAIMS, address }));
    await expectRefused(authorization, verifier(), from(remoteAddress));
  });

  test('holds nowhere else after it was seen at its own', async () => {
    const authorization = bearer(await sign({ ...CLAIMS, address: '192.0.2.1' }));
    const verify = verifier();
    await ask(verify, authorization, from('192.0.2.1'));
    await expectRefused(authorization, verify, from('192.0.2.2'));
    expect((await ask(verify, authorization, from('192.0.2.1'))).id).toBe('client-1');
  });
});
