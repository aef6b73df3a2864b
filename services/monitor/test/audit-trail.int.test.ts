import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compactVerify, importJWK, type JWK } from 'jose';
import { eventually } from '@strongroom/testing/eventually';
import { createChain } from '../src/domain/chain.ts';
import { createStatements } from '../src/domain/statements.ts';
import { readHead } from '../src/store/chain.ts';
import { insertCheckpoint } from '../src/store/checkpoints.ts';
import { AUDIT_KEY, eventOf, EVENTS, recordOf, startTestMonitor, type TestMonitor } from './support.ts';

const TRAIL = '/monitor-service/api/v1/audit-trail';
let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startTestMonitor();
  await monitor.bus.publish([eventOf(recordOf(), recordOf(), recordOf())]);
});
afterAll(() => monitor.stop());

const verify = (body: unknown, as?: string) =>
  monitor.call('POST', `${TRAIL}/verify`, { body, ...(as !== undefined && { as }) });

describe('POST /audit-trail/verify', () => {
  test('answers what was examined, and is recorded', async () => {
    const sub = randomUUID();
    const as = await monitor.issuer.bearer({ sub, permissions: ['logs-view'] });
    const { status, body } = await verify({ from: 1, to: 3, start_time: null }, as);
    expect(status).toBe(200);
    expect(body).toMatchObject({ intact: true, first: 1, pruned: 0, faults: [], more: false });
    expect(body['checked_until']).toBeGreaterThanOrEqual(3);
    expect(body).not.toHaveProperty('next');
    const found = async () =>
      (
        await monitor.call('POST', `${EVENTS}/search`, {
          body: { user_id: sub, keywords: 'Audit-trail-verified' },
        })
      ).items;
    await eventually('it is in the trail', async () => (await found()).length === 1);
    expect((await found())[0]?.message).toMatchObject({ first: '1', intact: 'true', faults: '0' });
  });

  test('tells the place of a fault, and an operator', async () => {
    await monitor.superuser.query(`UPDATE audit_events SET words = 'x' || words WHERE position = 2`);
    const { body } = await verify({});
    await monitor.superuser.query(`UPDATE audit_events SET words = substr(words, 2) WHERE position = 2`);
    expect(body).toMatchObject({ intact: false, faults: [{ kind: 'altered', position: 2 }] });
    expect(monitor.errors).toContain('the audit trail is not as it was written');
    expect((await verify('')).body).toMatchObject({ intact: true });
  });

  test('an answer that cannot be recorded is none', async () => {
    await monitor.superuser.query('ALTER TABLE outbox RENAME TO away');
    const { status, body } = await verify({});
    await monitor.superuser.query('ALTER TABLE away RENAME TO outbox');
    expect([status, body['error_code'], body['intact']]).toEqual([503, 'AUDIT_UNAVAILABLE', undefined]);
  });

  test.each<[unknown, string, string]>([
    [{ from: 0 }, 'from', 'VALUE_OUT_OF_BOUNDS'],
    [{ from: 5, to: 4 }, 'from', 'VALUE_OUT_OF_BOUNDS'],
    [{ to: 1.5 }, 'to', 'VALUE_INCORRECT_TYPE'],
    [{ start_time: 'yesterday' }, 'start_time', 'VALUE_INCORRECT_FORMAT'],
    [{ checkpoints: ['canary'] }, 'checkpoints.0', 'INVALID_REQUEST_DATA'],
    [{ checkpoints: Array<string>(21).fill('e30') }, 'checkpoints', 'VALUE_OUT_OF_BOUNDS'],
  ])('refuses %j', async (input, property, code) => {
    const { status, body } = await verify(input);
    expect([status, body['property'], body['error_code']]).toEqual([400, property, code]);
    expect(JSON.stringify(body)).not.toContain('canary');
  });
});

describe('checkpoints', () => {
  test('are listed, newest first, and can be checked by the public key alone', async () => {
    const statements = await createStatements(AUDIT_KEY, monitor.issuer.issuer);
    const head = await readHead(monitor.superuser);
    const { number, position } = head!;
    const mac = Buffer.from(head!.batchMac).toString('base64url');
    const time = new Date('2026-03-04T05:06:07.890Z');
    const statement = await statements.signCheckpoint({ number, position, mac }, time);
    await insertCheckpoint(monitor.superuser, { number, position, signedAt: time, statement });

    const { status, items, count } = await monitor.call('GET', `${TRAIL}/checkpoints`);
    expect([status, count]).toEqual([200, 1]);
    const [item] = items as unknown as { checkpoint: string }[];
    expect(item).toEqual({ number, position, signed_at: time.toISOString(), checkpoint: statement });

    const as = await monitor.issuer.bearer();
    const { body } = await monitor.call('GET', `${TRAIL}/keys`, { as });
    const [jwk] = body['keys'] as JWK[];
    expect(jwk).not.toHaveProperty('d');
    const { payload, protectedHeader } = await compactVerify(item!.checkpoint, await importJWK(jwk!));
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'strongroom-checkpoint+jws', kid: jwk!.kid });
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({
      iss: monitor.issuer.issuer,
      iat: 1_772_600_767,
      number,
      position,
      mac,
    });
    expect((await verify({ checkpoints: [statement] })).body).toMatchObject({ intact: true });
    const forged = await statements.signCheckpoint(
      { number, position, mac: createChain(AUDIT_KEY).keyId },
      time,
    );
    expect((await verify({ checkpoints: [forged] })).body).toMatchObject({
      intact: false,
      faults: [{ kind: 'checkpoint-mismatch', position, batch: number }],
    });
  });
});
