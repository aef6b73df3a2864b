import { describe, expect, test } from '@jest/globals';
import { AUDIT_EVENTS, type AuditRecorded } from '@strongroom/contracts/audit';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { duplicateValue } from '@strongroom/errors/common-errors';
import type { Queryable } from '@strongroom/db/database';
import { createAudit, type AuditOptions } from './audit.ts';

/** A database whose inserts wait until the test settles them. */
function heldDatabase() {
  const inserts: { events: CloudEvent<AuditRecorded>[]; settle: (error?: Error) => void }[] = [];
  const db: Queryable = {
    query: (_text, values) =>
      new Promise((resolve, reject) => {
        const events = (values?.[0] as string[]).map(text => JSON.parse(text) as CloudEvent<AuditRecorded>);
        inserts.push({ events, settle: error => (error === undefined ? resolve([]) : reject(error)) });
      }),
  };
  return { db, inserts };
}

function auditOn(db: Queryable, options: Partial<AuditOptions> = {}) {
  let ids = 0;
  let rings = 0;
  const audit = createAudit({
    service: 'vault',
    db,
    newId: () => `id-${(ids += 1)}`,
    now: () => new Date('2026-01-02T03:04:05Z'),
    ring: () => (rings += 1),
    ...options,
  });
  return { audit, rings: () => rings };
}

const nextTurn = () => new Promise(resolve => setImmediate(resolve));
const act = (object: string) => ({ type: AUDIT_EVENTS.secretRead, message: { object } });
const objects = (event: CloudEvent<AuditRecorded> | undefined) =>
  event?.data.records.map(record => record.message['object']);
const unavailable = { kind: 'unavailable', code: 'AUDIT_UNAVAILABLE', retryAfterSeconds: 1 };

describe('a record', () => {
  test('says who did what in which request, as flat text', async () => {
    const { db, inserts } = heldDatabase();
    const { audit } = auditOn(db);
    const written = audit.write({
      ...act('secret-1'),
      caller: {
        id: 'caller-1',
        kind: 'api-client',
        name: 'Terraform',
        sessionId: 'session-1',
        clientId: 'privx-external',
        authTime: 1_800_000_000,
        authMethods: [],
        roles: ['role-1'],
        permissions: new Set(['vault-manage']),
      },
      request: { id: 'request-1', remoteAddress: '192.0.2.1', userAgent: 'agent' },
    });
    await nextTurn();
    inserts[0]?.settle();
    await written;
    expect(inserts.map(insert => insert.events)).toEqual([
      [
        {
          specversion: '1.0',
          id: 'id-2',
          source: '/strongroom/vault',
          type: 'strongroom.vault.audit.recorded',
          time: '2026-01-02T03:04:05.000Z',
          datacontenttype: 'application/json',
          data: {
            records: [
              {
                id: 'id-1',
                time: '2026-01-02T03:04:05.000Z',
                code: 5102,
                name: 'Secret-read',
                message: {
                  'SSH-PrivX-service': 'vault',
                  userID: 'caller-1',
                  username: 'Terraform',
                  sessionID: 'session-1',
                  requestID: 'request-1',
                  remoteAddress: '192.0.2.1',
                  object: 'secret-1',
                },
              },
            ],
          },
        },
      ],
    ]);
  });
});

describe('appendWithin', () => {
  const failing = (error: unknown) =>
    auditOn(heldDatabase().db).audit.appendWithin(() => Promise.reject(error as Error));

  test('hands the event with its records over and gives back what the write gives', async () => {
    const { audit } = auditOn(heldDatabase().db);
    const given: unknown[] = [];
    const result = await audit.appendWithin(
      events => {
        given.push(...events);
        return Promise.resolve(7);
      },
      act('a'),
      act('b'),
    );
    expect(result).toBe(7);
    expect(given.map(event => objects(event as CloudEvent<AuditRecorded>))).toEqual([['a', 'b']]);
  });

  test('lets a refusal pass; anything else means that nothing is recorded', async () => {
    const refusal = duplicateValue('name', 'secret');
    await expect(failing(refusal)).rejects.toBe(refusal);
    await expect(failing(new Error('broken'))).rejects.toMatchObject(unavailable);
  });
});

describe('group commit', () => {
  test('puts what comes in one turn, and what comes during an insert, into one insert each, in order', async () => {
    const { db, inserts } = heldDatabase();
    const { audit, rings } = auditOn(db);
    const first = ['a', 'b', 'c'].map(name => audit.write(act(name)));
    await nextTurn();
    const second = ['d', 'e'].map(name => audit.write(act(name)));
    await nextTurn();
    expect(inserts).toHaveLength(1);
    inserts[0]?.settle();
    await Promise.all(first);
    await nextTurn();
    expect(inserts.map(insert => insert.events.map(objects))).toEqual([[['a', 'b', 'c']], [['d', 'e']]]);
    inserts[1]?.settle();
    await Promise.all(second);
    expect(rings()).toBe(2);
  });

  test('resolves nothing before its own insert is done', async () => {
    const { db, inserts } = heldDatabase();
    const { audit } = auditOn(db);
    const resolved: string[] = [];
    const write = (name: string) => audit.write(act(name)).then(() => resolved.push(name));
    const a = write('a');
    await nextTurn();
    const b = write('b');
    await nextTurn();
    expect(resolved).toEqual([]);
    inserts[0]?.settle();
    await a;
    await nextTurn();
    expect(resolved).toEqual(['a']);
    inserts[1]?.settle();
    await b;
  });

  test('tells a failure to its own batch only, and goes on', async () => {
    const { db, inserts } = heldDatabase();
    const { audit } = auditOn(db);
    const failing = [audit.write(act('a')), audit.write(act('b'))];
    const told = Promise.all(failing.map(written => expect(written).rejects.toMatchObject(unavailable)));
    await nextTurn();
    const next = audit.write(act('c'));
    inserts[0]?.settle(new Error('no database'));
    await told;
    await nextTurn();
    inserts[1]?.settle();
    await next;
    const later = audit.write(act('d'));
    await nextTurn();
    inserts[2]?.settle();
    await later;
  });

  test('fails, and does not hang, when a record cannot be made', async () => {
    const { db, inserts } = heldDatabase();
    let broken = true;
    const { audit } = auditOn(db, {
      newId: () => {
        if (broken) throw new Error('no id');
        return 'id';
      },
    });
    await expect(audit.write(act('a'))).rejects.toMatchObject(unavailable);
    broken = false;
    const next = audit.write(act('b'));
    await nextTurn();
    inserts[0]?.settle();
    await next;
  });

  test('refuses at once what is too much to wait, and takes more when there is room', async () => {
    const { db, inserts } = heldDatabase();
    const { audit } = auditOn(db, { maxWaiting: 2 });
    const inFlight = audit.write(act('a'));
    await nextTurn();
    const waiting = [audit.write(act('b')), audit.write(act('c'))];
    await expect(audit.write(act('d'))).rejects.toMatchObject(unavailable);
    inserts[0]?.settle();
    await inFlight;
    await nextTurn();
    const next = audit.write(act('e'));
    inserts[1]?.settle();
    await Promise.all(waiting);
    await nextTurn();
    inserts[2]?.settle();
    await next;
    expect(inserts.flatMap(insert => insert.events.map(objects))).toEqual([['a'], ['b', 'c'], ['e']]);
  });
});
