import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '@strongroom/log/logger';
import { readiness } from './readiness.ts';
import { openUpstreams } from './upstreams.ts';

describe('readiness', () => {
  test('a stopping gateway is not ready and asks nobody', async () => {
    const origin = 'http://127.0.0.1:1';
    const upstreams = openUpstreams(
      {
        upstreams: { auth: origin, vault: origin, 'secrets-manager': origin, monitor: origin },
        upstreamTimeoutMs: 100,
      },
      { log: silentLogger },
    );
    expect(await readiness({ upstreams, stopping: true })).toEqual({ status: 'stopping' });
  });
});
