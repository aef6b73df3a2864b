import type { Context } from './context.ts';
import { UPSTREAM_NAMES, type UpstreamName } from './routes.ts';
import { askUpstream, type Upstream } from './upstreams.ts';

export interface Readiness {
  readonly status: 'ready' | 'not ready' | 'stopping';
  readonly services?: Readonly<Record<UpstreamName, 'ready' | 'not ready'>>;
}

/** Ready means that every service says so. Which one is not is all that is told. */
export async function readiness({
  upstreams,
  stopping,
}: Pick<Context, 'upstreams' | 'stopping'>): Promise<Readiness> {
  if (stopping) return { status: 'stopping' };
  const states = await Promise.all(
    UPSTREAM_NAMES.map(
      async name => [name, (await isReady(upstreams[name])) ? 'ready' : 'not ready'] as const,
    ),
  );
  return {
    status: states.every(([, state]) => state === 'ready') ? 'ready' : 'not ready',
    services: Object.fromEntries(states) as Record<UpstreamName, 'ready' | 'not ready'>,
  };
}

async function isReady(upstream: Upstream): Promise<boolean> {
  try {
    return (await askUpstream(upstream, '/readyz')).status === 200;
  } catch {
    return false;
  }
}
