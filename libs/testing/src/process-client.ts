import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceProcess } from './service-process.ts';

export interface ProcessAnswer {
  readonly status: number;
  readonly text: string;
  /** Parsed when it is a JSON object, else empty. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks the services themselves, as the gateway would: a replica that does not answer is passed over. */
export interface ProcessClient {
  /**
   * Asks again for as long as there is no answer or an excuse (429, 5xx), so calls should be such that two do no harm.
   * Rejects when that lasts.
   */
  call: (method: string, path: string, body?: unknown) => Promise<ProcessAnswer>;
  /** Needed after a change of one's own roles. */
  signIn: () => Promise<void>;
}

interface Services {
  readonly auth: ServiceProcess;
  readonly monitor: ServiceProcess;
  readonly vault: ServiceProcess;
  readonly rotators: readonly ServiceProcess[];
}

interface Identity {
  readonly id: string;
  readonly secret: string;
}

const PATIENCE_MS = 60_000;
const PAUSE_MS = 100;
const CALL_DEADLINE_MS = 20_000;

/** Signed in. */
export async function createProcessClient(
  services: Services,
  { apiClient, oauthClient }: { apiClient: Identity; oauthClient: Identity },
): Promise<ProcessClient> {
  let token = '';
  let turn = 0;

  const replicasFor = (path: string): readonly ServiceProcess[] => {
    if (path.startsWith('/vault/')) return [services.vault];
    if (path.startsWith('/monitor-service/')) return [services.monitor];
    return /^\/(secrets-manager|host-store|authorizer)\//.test(path) ? services.rotators : [services.auth];
  };

  async function patiently(path: string, init: () => RequestInit): Promise<ProcessAnswer> {
    const replicas = replicasFor(path);
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const replica = replicas[(turn += 1) % replicas.length];
      const answer = await send(`${replica?.url ?? ''}${path}`, init()).catch((cause: unknown) => ({
        cause,
      }));
      if ('status' in answer && answer.status < 500 && answer.status !== 429) return answer;
      if (performance.now() > end) {
        const why = 'status' in answer ? `${answer.status} ${answer.text}` : 'no answer';
        throw new Error(`${path}: ${why}`, 'cause' in answer ? { cause: answer.cause } : {});
      }
      await pause(PAUSE_MS);
    }
  }

  async function signIn(): Promise<void> {
    const basic = Buffer.from(`${oauthClient.id}:${oauthClient.secret}`).toString('base64');
    const answer = await patiently('/auth/api/v1/oauth/token', () => ({
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({
        grant_type: 'password',
        username: apiClient.id,
        password: apiClient.secret,
      }),
    }));
    if (typeof answer.body['access_token'] !== 'string')
      throw new Error(`sign-in failed with ${answer.status}`);
    token = answer.body['access_token'];
  }

  const call: ProcessClient['call'] = async (method, path, body) => {
    const attempt = () =>
      patiently(path, () => ({
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }));
    const answer = await attempt();
    if (answer.status !== 401) return answer;
    await signIn();
    return attempt();
  };

  await signIn();
  return { call, signIn };
}

async function send(url: string, init: RequestInit): Promise<ProcessAnswer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(CALL_DEADLINE_MS) });
  const text = await response.text();
  return { status: response.status, text, body: parse(text) };
}

function parse(text: string): Record<string, unknown> {
  if (!text.startsWith('{')) return {};
  return JSON.parse(text) as Record<string, unknown>;
}
