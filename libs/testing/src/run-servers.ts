import { prepareBroker } from './broker.ts';
import { serveOnDemand, type OnDemand } from './on-demand.ts';
import type { OwnServer } from './own-server.ts';
import { prepareRedis } from './redis.ts';
import {
  findServer,
  RABBITMQ_PROGRAM,
  REDIS_PROGRAM,
  type ServerProgram,
  type ServerSource,
} from './server-programs.ts';

/**
 * Redis and RabbitMQ for one run of the tests: those that REDIS_URL and RABBITMQ_URL name, else private ones. Where
 * there are none their suites are skipped, loudly; with CI=true that is a failure.
 */
export async function offerServers(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OnDemand> {
  const started: OwnServer[] = [];

  function offer(
    program: ServerProgram,
    givenUrl: string | undefined,
    prepare: (source: ServerSource) => Promise<OwnServer>,
  ) {
    let found: Promise<ServerSource | undefined> | undefined;
    const source = () => (found ??= findServer(program).then(orComplain));

    function orComplain(answer: ServerSource | undefined): ServerSource | undefined {
      if (answer !== undefined) return answer;
      const what = `no ${program.name} here: no program, no right to install one, no container engine`;
      if (environment['CI'] === 'true') throw new Error(what);
      process.stderr.write(`\n*** SKIPPED SUITES: ${what} ***\n\n`);
      return undefined;
    }

    const shared = async () => {
      if (givenUrl !== undefined && givenUrl !== '') return { url: givenUrl };
      const from = await source();
      if (from === undefined) return undefined;
      const server = await prepare(from);
      started.push(server);
      await server.start();
      return { url: server.url };
    };
    return { source, shared };
  }

  const redis = offer(REDIS_PROGRAM, environment['REDIS_URL'], prepareRedis);
  const broker = offer(RABBITMQ_PROGRAM, environment['RABBITMQ_URL'], prepareBroker);
  const desk = await serveOnDemand({
    redis: redis.shared,
    'redis-source': redis.source,
    broker: broker.shared,
    'broker-source': broker.source,
  });
  return {
    async close() {
      await desk.close();
      await Promise.all(started.map(server => server.stop()));
    },
  };
}
