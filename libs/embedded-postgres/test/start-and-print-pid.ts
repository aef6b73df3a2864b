import { text } from 'node:stream/consumers';
import { silentLogger } from '@strongroom/log/logger';
import pg from 'pg';
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../src/start.ts';

// A stand-in for Strongroom that a test kills: it starts the server, writes a row, prints the pid and waits.
const options = JSON.parse(await text(process.stdin)) as Omit<EmbeddedPostgresOptions, 'log'>;
const server = await startEmbeddedPostgres({ ...options, log: silentLogger });
const { host, port, superuser: user, password } = server;
const client = new pg.Client({ host, port, user, password, database: 'postgres' });
await client.connect();
await client.query(`create table kept as select 'yes' as value`);
process.stdout.write(String(server.pid));
