import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AppError } from '@strongroom/errors/app-error';
import { createLogger, describeError } from './logger.ts';

let directory: string;
let settings: { level: 'info'; file: { path: string; maxBytes: number; maxFiles: number } };

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'strongroom-log-'));
  const file = { path: path.join(directory, 'service.log'), maxBytes: 10_000_000, maxFiles: 2 };
  settings = { level: 'info', file };
});
afterEach(() => rmSync(directory, { recursive: true }));

const lines = (file = settings.file.path): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>);

describe('a log file', () => {
  test('holds a JSON line for each call at or above the level, with the bound and the own fields', async () => {
    const log = createLogger(settings, { service: 'vault' });
    log.debug('too fine');
    log.with({ requestId: 'r1' }).info('read', { count: 2, cached: true, empty: null, absent: undefined });
    log.warn('slow');
    await log.close();
    expect(lines()).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: 'info',
        message: 'read',
        service: 'vault',
        requestId: 'r1',
        count: 2,
        cached: true,
        empty: null,
      },
      expect.objectContaining({ level: 'warn', message: 'slow', service: 'vault' }),
    ]);
  });

  test('cannot be forged by a field or by line breaks in a message', async () => {
    const log = createLogger(settings);
    log.info('one\n{"level":"error","message":"forged"}', { level: 'debug', message: 'other' });
    await log.close();
    expect(lines()).toEqual([
      expect.objectContaining({ level: 'info', message: 'one\n{"level":"error","message":"forged"}' }),
    ]);
  });

  test('is complete when close resolves, however often it is called', async () => {
    const log = createLogger(settings);
    const count = 5_000;
    for (let index = 0; index < count; index += 1) log.info('line', { index });
    await Promise.all([log.close(), log.with({ a: 1 }).close()]);
    expect(lines().map(line => line['index'])).toEqual(Array.from({ length: count }, (_, index) => index));
    log.info('too late');
    await log.close();
    expect(lines()).toHaveLength(count);
  });

  test('keeps lines of an earlier process', async () => {
    for (const message of ['first', 'second']) {
      const log = createLogger(settings);
      log.info(message);
      await log.close();
    }
    expect(lines().map(line => line['message'])).toEqual(['first', 'second']);
  });

  test('that cannot be written any more costs lines, not the process', async () => {
    const log = createLogger({ ...settings, file: { ...settings.file, maxBytes: 10 } });
    log.info('kept');
    rmSync(directory, { recursive: true });
    log.info('lost, since the file cannot be rotated');
    await log.close();
    mkdirSync(directory);
  });

  test('rotates by size, keeps the newest lines in so many files, for their owner only', async () => {
    const file = { ...settings.file, maxBytes: 2_000, maxFiles: 3 };
    const log = createLogger({ ...settings, file });
    for (let index = 0; index < 100; index += 1) log.info('x'.repeat(100), { index });
    await log.close();
    const files = readdirSync(directory).sort();
    expect(files).toEqual(['service.log', 'service.log.1', 'service.log.2']);
    const kept = [...files].reverse().flatMap(name => {
      const { mode, size } = statSync(path.join(directory, name));
      expect(mode & 0o777).toBe(0o600);
      expect(size).toBeLessThanOrEqual(file.maxBytes);
      return lines(path.join(directory, name)).map(line => Number(line['index']));
    });
    expect(kept.length).toBeGreaterThan(20);
    expect(kept).toEqual(Array.from(kept, (_, offset) => 100 - kept.length + offset));
  });
});

describe('an error in the log', () => {
  test('names itself and its causes down to the root, flat', () => {
    const socket = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
    const database = new AppError({
      kind: 'unavailable',
      code: 'DATABASE_ERROR',
      message: 'no database',
      cause: socket,
    });
    const fields = describeError(
      new AppError({ kind: 'unavailable', code: 'AUDIT_UNAVAILABLE', message: 'no audit', cause: database }),
    );
    expect(fields['error']).toBe('AppError: no audit');
    expect(fields['errorCode']).toBe('AUDIT_UNAVAILABLE');
    expect(fields['stack']).toContain('logger.test');
    expect(fields['cause']).toContain('AppError: no database');
    expect(fields['cause']).toContain('DATABASE_ERROR');
    expect(fields['cause']).toContain('Error: connect refused');
    expect(fields['cause']).toContain('ECONNREFUSED');
    for (const value of Object.values(fields)) expect(typeof value).toBe('string');
  });

  test('may be its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeError(error)['error']).toBe('Error: round');
  });

  test("keeps attached data out: neither PostgreSQL's detail nor members of any cause", async () => {
    const postgres = Object.assign(new Error('duplicate key value'), {
      code: '23505',
      detail: 'Key (name)=(CANARY) already exists.',
      where: 'CANARY',
      parameters: ['CANARY'],
    });
    const log = createLogger(settings);
    log.error('failed', Object.assign(new Error('outer', { cause: postgres }), { body: 'CANARY' }));
    log.error('failed', { password: 'CANARY' });
    log.error('failed', 'CANARY');
    log.error('failed', new Error('outer', { cause: 'CANARY' }));
    await log.close();
    expect(lines()).toHaveLength(4);
    expect(readFileSync(settings.file.path, 'utf8')).not.toContain('CANARY');
  });

  test('that PostgreSQL raised over a value does not repeat the value', () => {
    const error = Object.assign(new Error('invalid input syntax for type uuid: "CANARY"'), { code: '22P02' });
    const fields = describeError(new Error('outer', { cause: error }));
    expect(JSON.stringify([fields, describeError(error)])).not.toContain('CANARY');
    expect(fields['cause']).toContain('22P02');
  });
});
