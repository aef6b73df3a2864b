import { expect, test } from '@jest/globals';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { silentLogger } from '@strongroom/log/logger';
import { recallRevocations, rememberEndedSessions, rememberReducedRights } from './remembered-revocations.ts';

const AT = new Date('2026-05-01T08:00:00.000Z');

test('what was announced is recalled, with its time, for as long as a token may live', async () => {
  let time = AT.getTime();
  const cache = createMemoryCache(() => new Date(time));
  const subject = { id: 'client-1', roles: ['role-1'], permissions: ['vault-add'] };
  await rememberEndedSessions(cache, ['session-1', 'session-2']);
  await rememberReducedRights(cache, [subject], AT);
  expect(await recallRevocations(cache, silentLogger)).toEqual({
    sessionIds: ['session-1', 'session-2'],
    subjects: [{ ...subject, at: AT.getTime() / 1_000 }],
  });
  time += 3_630_000;
  expect(await recallRevocations(cache, silentLogger)).toEqual({ sessionIds: [], subjects: [] });
});

test('a subject with more rights than fit is left to auth', async () => {
  const cache = createMemoryCache();
  const roles = Array.from({ length: 1_000 }, (_, index) => `role ${index}`.padEnd(36));
  const [large, small] = [roles, []].map((held, index) => ({
    id: `client-${index}`,
    roles: held,
    permissions: [],
  }));
  await rememberReducedRights(cache, [large!, small!], AT);
  const { subjects } = await recallRevocations(cache, silentLogger);
  expect(subjects.map(({ id }) => id)).toEqual(['client-1']);
});

test('what somebody else wrote there is dropped, and not repeated in the log', async () => {
  const lines: unknown[] = [];
  const log = { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) };
  const cache = createMemoryCache();
  for (const member of ['plum', '{}', '{"id":"x","roles":"all","permissions":[],"at":0}'])
    await cache.remember('revocations:subjects', [member], 60);
  await rememberReducedRights(cache, [{ id: 'client-1', roles: [], permissions: [] }], AT);
  const { subjects } = await recallRevocations(cache, log);
  expect(subjects.map(({ id }) => id)).toEqual(['client-1']);
  expect(lines).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toContain('plum');
});
