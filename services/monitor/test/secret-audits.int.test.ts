import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { eventually } from '@strongroom/testing/eventually';
import { eventOf, recordOf, SEARCH, startTestMonitor, type Answer, type TestMonitor } from './support.ts';

/** What PowerShell's class of an audit knows: one more, and its cast fails (contract 1.5, 5.8). */
const MEMBERS =
  `action actionForDisplay byUserDisplayName databaseName dateRecorded hasProxySessionData id notes
  recordingMessage recordingSessionId recordingStatus status ticketNumber username`.split(/\s+/);

const NUMBER = 7;
let monitor: TestMonitor;
/** Stands for vault: knows one secret, and who may read it. */
let vault: Server;
let asked: { path: string | undefined; headers: IncomingHttpHeaders }[] = [];
let isAway = false;
let secretID: string;
let reader: string;
let stranger: string;

beforeAll(async () => {
  vault = createServer((request, response) => {
    asked.push({ path: request.url, headers: request.headers });
    const isReader = request.headers.authorization === reader;
    const isSecret = request.url === `/vault/api/v1/secret/numbers/${NUMBER}`;
    if (isAway) response.writeHead(503).end();
    else if (isReader && isSecret) {
      response.end(JSON.stringify({ id: secretID, name: 'team/db', number: NUMBER }));
    } else {
      response
        .writeHead(404)
        .end(JSON.stringify({ error_code: 'OBJECT_NOT_FOUND', error_message: 'Secret not found' }));
    }
  });
  await new Promise<void>(resolve => vault.listen(0, '127.0.0.1', resolve));
  monitor = await startTestMonitor({
    vaultUrl: `http://127.0.0.1:${(vault.address() as AddressInfo).port}`,
  });
  reader = await monitor.issuer.bearer({ sub: randomUUID() });
  stranger = await monitor.issuer.bearer({ sub: randomUUID(), permissions: ['logs-view', 'logs-manage'] });
});
afterAll(async () => {
  await monitor.stop();
  await new Promise(resolve => vault.close(resolve));
});
beforeEach(() => {
  [secretID, asked, isAway] = [randomUUID(), [], false];
});

const audits = (query = '', as: string | null = reader, number = NUMBER): Promise<Answer> =>
  monitor.call('GET', `/SecretServer/api/v1/secrets/${number}/audits${query}`, { as });
const records = (answer: Answer) => answer.body['records'] as Record<string, unknown>[];

type EventName = keyof typeof AUDIT_EVENTS;
const act = (event: EventName, second: number, message: Record<string, string> = {}) => {
  const { code, name } = AUDIT_EVENTS[event];
  const time = `2026-03-04T05:06:${String(second).padStart(2, '0')}.890Z`;
  return recordOf({ secretID, username: 'ann', secret: 'team/db', ...message }, { code, name, time });
};

test('shows what was done with the secret, the newest first, in exactly the members that clients know', async () => {
  await monitor.bus.publish([
    eventOf(
      act('secretCreated', 1),
      act('secretRead', 2, { comment: 'ticket of ann', ticketNumber: 'T-1', remoteAddress: '192.0.2.9' }),
      act('secretMetadataRead', 3),
      act('secretUpdated', 4, { username: 'bob' }),
      act('secretRead', 5, { secretID: randomUUID() }),
      act('secretAccessDenied', 6),
    ),
  ]);
  const answer = await audits(
    '?skip=0&take=2147483647&isExporting=false&filter.includePasswordChangeLog=true',
  );
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ total: 3, hasNext: false, success: true });
  expect(records(answer).map(({ action, username }) => [action, username])).toEqual([
    ['UPDATE', 'bob'],
    ['VIEW', 'ann'],
    ['CREATE', 'ann'],
  ]);
  for (const record of records(answer)) expect(Object.keys(record).sort()).toEqual([...MEMBERS].sort());
  expect(records(answer)[1]).toMatchObject({
    actionForDisplay: 'VIEW',
    dateRecorded: '2026-03-04T05:06:02',
    id: expect.any(Number),
    notes: 'ticket of ann',
    ticketNumber: 'T-1',
  });
  expect(JSON.stringify(answer.body)).not.toContain('192.0.2.9');
});

test('pages do not move by being read', async () => {
  await monitor.bus.publish([
    eventOf(...Array.from({ length: 25 }, (_, n) => act('secretRead', n, { comment: String(n) }))),
  ]);
  const notes: unknown[] = [];
  for (const skip of [0, 10, 20]) {
    const page = await audits(`?paging.skip=${skip}&sortBy[0].direction=asc&sortBy[0].name=dateRecorded`);
    expect(page.body).toMatchObject({ total: 25, hasNext: skip < 20 });
    notes.push(...records(page).map(record => record['notes']));
    // As vault does for each of these questions.
    await monitor.bus.publish([eventOf(act('secretMetadataRead', 59))]);
  }
  expect(notes).toEqual(Array.from({ length: 25 }, (_, n) => String(n)));
});

test("takes nobody's right but the caller's, from the caller's own address", async () => {
  await monitor.call('GET', `/SecretServer/api/v1/secrets/${NUMBER}/audits`, {
    as: reader,
    headers: { 'x-forwarded-for': '198.51.100.7' },
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]!.headers).toMatchObject({ authorization: reader, 'x-forwarded-for': '198.51.100.7' });
});

test('a secret that is not there and one that is not for the caller are one answer', async () => {
  await monitor.bus.publish([eventOf(act('secretRead', 1))]);
  const refused = await audits('', stranger);
  const absent = await audits('', reader, 8);
  expect([refused.status, refused.body]).toEqual([404, absent.body]);
  expect(refused.body['errorCode']).toBe('API_AccessDenied');
  expect((await audits('', null)).status).toBe(401);
});

test('shows nothing while vault cannot say who may', async () => {
  await monitor.bus.publish([eventOf(act('secretRead', 1))]);
  isAway = true;
  const answer = await audits();
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.body)).not.toContain('VIEW');
});

test('is on the record, without being an act on the secret', async () => {
  await audits();
  const reads = async () => {
    const { items } = await monitor.call('POST', SEARCH, { body: { keywords: secretID } });
    return items.filter(({ event_id }) => event_id === String(AUDIT_EVENTS.auditTrailRead.code));
  };
  await eventually('the record of the read', async () =>
    (await reads()).some(({ message }) => message['filter.secretID'] === secretID),
  );
  expect((await audits()).body['total']).toBe(0);
});

test.each(['?filter.unknown=1', '?skip=-1', '?sortBy[0].direction=up'])('refuses %s', async query => {
  expect((await audits(query)).status).toBe(400);
});
