import { prepareBroker } from './broker.ts';
import { serveOnDemand, type OnDemand } from './on-demand.ts';
import type { OwnServer } from './own-server.ts';
import { prepareRedis } from './redis.ts';
import {
  findProgram,
  findServer,
  MARIADB_PROGRAM,
  RABBITMQ_PROGRAM,
  REDIS_PROGRAM,
  SLAPD_PROGRAM,
  SSHD_PROGRAM,
  type ServerProgram,
  type ServerSource,
} from './server-programs.ts';

/**
 * Redis and RabbitMQ for one run of the tests: those that REDIS_URL and RABBITMQ_URL name, else private ones; and the
 * programs of servers that test files start for themselves. Where there are none their suites are skipped, loudly;
 * with CI=true that is a failure.
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
    const source = () => (found ??= findServer(program).then(orComplain(program, 'no container engine')));

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

  const orComplain =
    <T>(program: ServerProgram, lack: string) =>
    (answer: T | undefined): T | undefined => {
      if (answer !== undefined) return answer;
      const what = `no ${program.name} here: no program, no right to install one, ${lack}`;
      if (environment['CI'] === 'true') throw new Error(what);
      process.stderr.write(`\n*** SKIPPED SUITES: ${what} ***\n\n`);
      return undefined;
    };

  // Its tests make accounts on this machine, which root alone can.
  const sshd = async () =>
    orComplain<string>(
      SSHD_PROGRAM,
      'or not run by root',
    )(process.getuid?.() === 0 ? await findProgram(SSHD_PROGRAM) : undefined);
  const mariadb = async () =>
    orComplain<string>(MARIADB_PROGRAM, 'and none looked for elsewhere')(await findProgram(MARIADB_PROGRAM));
  const slapd = async () =>
    orComplain<string>(SLAPD_PROGRAM, 'and none looked for elsewhere')(await findProgram(SLAPD_PROGRAM));

  const redis = offer(REDIS_PROGRAM, environment['REDIS_URL'], prepareRedis);
  const broker = offer(RABBITMQ_PROGRAM, environment['RABBITMQ_URL'], prepareBroker);
  const desk = await serveOnDemand({
    redis: redis.shared,
    'redis-source': redis.source,
    broker: broker.shared,
    'broker-source': broker.source,
    'sshd-program': sshd,
    'mariadb-program': mariadb,
    'slapd-program': slapd,
  });
  return {
    async close() {
      await desk.close();
      await Promise.all(started.map(server => server.stop()));
    },
  };
}
