/**
 * The floor: what a request costs when nothing is done but the unavoidable. A bare node:http proxy before a
 * bare Express route with one prepared SELECT, or one UPDATE, on a durable PostgreSQL of the same kind.
 *
 * `node floor.js <port>`: backend and proxy in this one process, as in standalone. `node floor.js <port>
 * <backend>`: the proxy alone, before a backend in another process. `node floor.js backend`: that backend.
 */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import express from 'express';
import pg from 'pg';
import { Pool } from 'undici';

const [mode, databaseUrl = '', backendUrl] = process.argv.slice(2);

async function start(listener: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: 75_000 }, listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startBackend(): Promise<string> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query('CREATE TABLE IF NOT EXISTS floor (id integer PRIMARY KEY, value text NOT NULL)');
  await pool.query(
    `INSERT INTO floor SELECT id, repeat('x', 1024) FROM generate_series(0, 999) id ON CONFLICT DO NOTHING`,
  );
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/item/:id', async (request, response) => {
    const { rows } = await pool.query<{ id: number; value: string }>({
      name: 'read',
      text: 'SELECT id, value FROM floor WHERE id = $1',
      values: [request.params.id],
    });
    response.json(rows[0]);
  });
  app.put('/item/:id', express.json(), async (request, response) => {
    const { value } = request.body as { value: string };
    await pool.query({
      name: 'write',
      text: 'UPDATE floor SET value = $2 WHERE id = $1',
      values: [request.params.id, value],
    });
    response.json({});
  });
  return start(app);
}

function startProxy(backend: string): Promise<string> {
  const pool = new Pool(backend, { connections: 64 });
  return start((request, response) => {
    const { method, url: path, headers } = request;
    const body = method === 'GET' ? null : request;
    delete headers['connection'];
    delete headers['transfer-encoding'];
    pool
      .stream({ method: method as 'GET', path: path ?? '/', headers, body, opaque: response }, answer => {
        response.writeHead(answer.statusCode, answer.headers);
        return response;
      })
      .catch(() => response.destroy());
  });
}

const url =
  mode === 'backend'
    ? await startBackend()
    : mode === 'proxy'
      ? await startProxy(backendUrl ?? '')
      : await startProxy(await startBackend());
process.stdout.write(`${url}\n`);
process.once('SIGTERM', () => process.exit(0));
