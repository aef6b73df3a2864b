import { callJson } from '@strongroom/http/client';
import type { Credentials } from '@strongroom/installation/credentials';
import { apiToken } from '@strongroom/installation/example-secret';

const DEADLINE_MS = 10_000;

/** Reads the secret `example` over and over; answers how often that worked. */
export async function readUnderLoad(
  url: string,
  credentials: Credentials,
  { seconds, callers }: { seconds: number; callers: number },
): Promise<{ reads: number; failed: number }> {
  const headers = { authorization: `Bearer ${await apiToken(url, credentials)}` };
  const end = performance.now() + seconds * 1_000;
  let reads = 0;
  let failed = 0;
  const call = async () => {
    while (performance.now() < end) {
      try {
        await callJson({
          method: 'GET',
          url: `${url}/vault/api/v1/secrets/example`,
          headers,
          deadlineMs: DEADLINE_MS,
        });
        reads += 1;
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return { reads, failed };
}
