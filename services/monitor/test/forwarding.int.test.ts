import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import { createMetrics } from '@strongroom/metrics/metrics';
import { eventually } from '@strongroom/testing/eventually';
import { createHttpSink } from '../src/clients/http-sink.ts';
import { createSyslogSink, type SyslogTarget } from '../src/clients/syslog-sink.ts';
import type { Sink } from '../src/domain/sink.ts';
import { startForwarder, type Forwarder, type ForwarderOptions } from '../src/operations/forward-trail.ts';
import { findHead } from '../src/store/audit-events.ts';
import {
  certificateFor,
  startHttpReceiver,
  startSyslogReceiver,
  type HttpReceiver,
  type SyslogReceiver,
} from './receivers.ts';
import { eventOf, recordOf, startTestMonitor, type TestMonitor } from './support.ts';

let monitor: TestMonitor;
let db: Database;
let syslog: SyslogReceiver;
let http: HttpReceiver;
let failures: number;
const errors: string[] = [];
const running: (() => Promise<void>)[] = [];

beforeAll(async () => {
  monitor = await startTestMonitor();
  db = openDatabase(databaseSettings(), silentLogger);
});
afterAll(async () => {
  await db.close();
  await monitor.stop();
});
beforeEach(async () => {
  syslog = await startSyslogReceiver();
  http = await startHttpReceiver();
  failures = 0;
  errors.length = 0;
  await monitor.superuser.query('DELETE FROM trail_sinks');
});
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
  await syslog.close();
  await http.close();
});

const databaseSettings = () => ({
  url: monitor.database.url,
  password: monitor.database.password,
  schema: 'monitor',
  poolSize: 3,
  deadlineMs: 5_000,
});

const QUICK = { idleMs: 300, lingerMs: 20 };

const syslogSink = (target: Partial<SyslogTarget> = {}): Sink =>
  createSyslogSink(
    { host: '127.0.0.1', port: syslog.port, tls: false, ca: undefined, ...target },
    'host',
    QUICK,
  );

function forward(sink: Sink, options: Partial<ForwarderOptions> = {}): Forwarder {
  const log = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const forwarder = startForwarder(
    { db, databaseSettings: databaseSettings(), log, now: () => new Date() },
    sink,
    {
      from: 'beginning',
      onTaken: () => undefined,
      onFailure: () => (failures += 1),
      pollMs: 30,
      restMs: 5,
      backoffMs: 5,
      ...options,
    },
  );
  running.push(forwarder.stop);
  return forwarder;
}

const extend = (records: number) =>
  monitor.bus.publish([eventOf(...Array.from({ length: records }, () => recordOf()))]);

const positionOfMessage = (message: string): number => Number(/ position="(\d+)"/.exec(message)?.[1]);
const bySyslog = (): number[] => syslog.messages.map(positionOfMessage);
const byHttp = (): number[] =>
  http.taken.flat().map(line => (JSON.parse(line) as { position: number }).position);

const takenUntil = async (name: string): Promise<number> => {
  const [row] = await db.query<{ position: string }>('SELECT position FROM trail_sinks WHERE name = $1', [
    name,
  ]);
  return Number(row?.position ?? -1);
};
const allTaken = (name: string) =>
  eventually('the sink has taken all', async () => (await takenUntil(name)) === (await findHead(db)), 60_000);

/** Every position from the first to the head; the first time that each came, it came in order. */
async function expectComplete(positions: readonly number[], first = 1): Promise<void> {
  const head = await findHead(db);
  const wanted = Array.from({ length: head - first + 1 }, (_, index) => first + index);
  expect([...new Set(positions)]).toEqual(wanted);
}

describe('the trail goes to syslog', () => {
  test('whole, in order and once, and further when it grows and after a restart', async () => {
    await extend(1_500);
    const first = forward(syslogSink());
    await allTaken('syslog');
    await extend(3);
    first.wake();
    await allTaken('syslog');
    await first.stop();
    await extend(2);
    forward(syslogSink());
    await allTaken('syslog');
    const positions = bySyslog();
    await expectComplete(positions);
    expect(positions).toHaveLength(new Set(positions).size);
    expect(errors).toEqual([]);
  });

  test('from now on, unless the beginning is asked for', async () => {
    const head = await findHead(db);
    const forwarder = forward(syslogSink(), { from: 'now' });
    await allTaken('syslog');
    await extend(2);
    forwarder.wake();
    await allTaken('syslog');
    await expectComplete(bySyslog(), head + 1);
  });

  test('also when the receiver resets in mid-frame, again and again', async () => {
    syslog.manner = { resetAfter: 1_000 };
    const forwarder = forward(syslogSink());
    await eventually('it failed often', () => failures > 3);
    expect(await takenUntil('syslog')).toBe(0);
    syslog.manner = 'take';
    forwarder.wake();
    await allTaken('syslog');
    await expectComplete(bySyslog());
    expect(errors).toEqual(['the trail could not be forwarded; trying on']);
  });

  test('and is not taken by a receiver that hangs up, or that reads nothing', async () => {
    syslog.manner = 'hang-up';
    forward(syslogSink());
    await eventually('it failed twice', () => failures > 1);
    syslog.manner = 'freeze';
    const before = failures;
    await eventually('it failed again', () => failures > before + 1);
    expect(await takenUntil('syslog')).toBe(0);
    syslog.manner = 'take';
    await allTaken('syslog');
    await expectComplete(bySyslog());
  });

  test('nor by one that hangs up before a single small message', async () => {
    syslog.manner = 'hang-up';
    const start = await findHead(db);
    const forwarder = forward(syslogSink(), { from: 'now' });
    await allTaken('syslog');
    await extend(1);
    forwarder.wake();
    await eventually('it failed five times', () => failures > 4);
    expect(await takenUntil('syslog')).toBe(start);
    syslog.manner = 'take';
    await allTaken('syslog');
    await expectComplete(bySyslog(), start + 1);
  });

  test('when the receiver comes back after it was gone', async () => {
    const { port } = syslog;
    await syslog.close();
    forward(syslogSink({ port }));
    await eventually('it failed often', () => failures > 3);
    syslog = await startSyslogReceiver(undefined, port);
    await allTaken('syslog');
    await expectComplete(bySyslog());
  });

  test('over TLS, to the receiver of this name and authority alone', async () => {
    const own = await certificateFor('localhost');
    const other = await certificateFor('elsewhere');
    const good = await startSyslogReceiver(own);
    const elsewhere = await startSyslogReceiver(other);
    running.push(good.close, elsewhere.close);
    for (const target of [
      { port: good.port, ca: undefined },
      { port: good.port, ca: other.cert },
      { port: elsewhere.port, ca: other.cert },
    ]) {
      const failed = failures;
      const forwarder = forward(syslogSink({ host: 'localhost', tls: true, ...target }));
      await eventually('it failed', () => failures > failed);
      await forwarder.stop();
    }
    expect([good.messages, elsewhere.messages]).toEqual([[], []]);
    forward(syslogSink({ host: 'localhost', tls: true, port: good.port, ca: own.cert }));
    await allTaken('syslog');
    await expectComplete(good.messages.map(positionOfMessage));
  });

  test('by one replica at a time, and by another when that one is cut off', async () => {
    forward(syslogSink());
    forward(syslogSink());
    let cuts = 0;
    for (let round = 0; round < 5; round += 1) {
      await extend(200);
      const cut = await monitor.superuser.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
           AND classid = hashtext('forward-syslog')::bigint & 4294967295
           AND objid = hashtext('monitor')::bigint & 4294967295`,
      );
      cuts += cut.length;
    }
    expect(cuts).toBeGreaterThan(0);
    await allTaken('syslog');
    await expectComplete(bySyslog());
  });
});

describe('the trail goes to an HTTP receiver', () => {
  const sink = (token?: string, gzip = false) =>
    createHttpSink({ url: http.url, ca: undefined, gzip }, token, 1_000);

  test('as JSON lines in batches, with the token', async () => {
    forward(sink('token-1'));
    await allTaken('http');
    const positions = byHttp();
    await expectComplete(positions);
    expect(positions).toHaveLength(new Set(positions).size);
    for (const { method, url, headers } of http.requests) {
      expect([method, url, headers.authorization, headers['content-type']]).toEqual([
        'POST',
        '/intake',
        'Bearer token-1',
        'application/x-ndjson',
      ]);
    }
  });

  test('compressed when asked for', async () => {
    http.decode = gunzipSync;
    forward(sink(undefined, true));
    await allTaken('http');
    await expectComplete(byHttp());
    expect(http.requests[0]?.headers['content-encoding']).toBe('gzip');
  });

  test('until it answers 2xx: not on 500, on a redirect, on a cut connection or on silence', async () => {
    const away = await startHttpReceiver();
    running.push(away.close);
    http.answers.push(
      response => (response.statusCode = 500),
      response => response.writeHead(307, { location: away.url }),
      response => response.destroy(),
      response => (response.statusCode = 429),
      response => (response.statusCode = 202),
    );
    forward(sink());
    await allTaken('http');
    await expectComplete(byHttp());
    expect([failures, away.requests]).toEqual([4, []]);
    expect(errors).toHaveLength(1);
  });
});

describe('monitor itself', () => {
  test('forwards by its settings, is woken by the bus, and counts', async () => {
    const metrics = createMetrics('monitor');
    const own = await startTestMonitor({
      metrics,
      auditHttpToken: 'token-2',
      forwarding: {
        syslog: { host: '127.0.0.1', port: syslog.port, tls: false, ca: undefined },
        http: { url: http.url, ca: undefined, gzip: false },
        from: 'beginning',
      },
    });
    await own.bus.publish([eventOf(recordOf({ userID: 'marked' }))]);
    const isMarked = (texts: readonly string[]) => texts.some(text => text.includes('marked'));
    await eventually('both have it', () => isMarked(syslog.messages) && isMarked(http.taken.flat()), 30_000);
    await eventually('it is counted', async () =>
      /forwarded_total\{service="monitor",sink="http"\} [1-9]/.test(await metrics.render()),
    );
    await eventually('there is no lag', async () =>
      (await metrics.render()).includes('audit_forward_lag_records{service="monitor",sink="syslog"} 0'),
    );
    await own.stop();
  });
});
