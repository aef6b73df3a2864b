import { expect, test } from '@jest/globals';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import type { Caller, CallerKind } from '@strongroom/contracts/caller';
import { limitCallers } from './caller-limit.ts';
import type { ServiceConfig } from './service-config.ts';

const admitOf = (callerRateLimitPerSecond: number) =>
  limitCallers({
    cache: createMemoryCache(() => new Date(0)),
    config: { service: 'vault', callerRateLimitPerSecond } as ServiceConfig,
  });
const caller = (id: string, kind: CallerKind) => ({ id, kind }) as Caller;

test('each caller has a rate of its own, whatever its kind', () => {
  const admit = admitOf(2)!;
  for (const [id, kind] of [
    ['one', 'user'],
    ['two', 'api-client'],
  ] as const)
    expect([1, 2, 3].map(() => admit(caller(id, kind)))).toEqual([0, 0, 1]);
});

test('services are not held, and nobody is where there is no limit', () => {
  const admit = admitOf(1)!;
  expect([1, 2, 3].map(() => admit(caller('strongroom-vault', 'service')))).toEqual([0, 0, 0]);
  expect(admitOf(0)).toBeUndefined();
});
