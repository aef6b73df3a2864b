import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  continueTraces,
  currentTraceparent,
  openServerSpan,
  recordedTraceparent,
  startTracing,
  withSpan,
} from './tracing.ts';

interface Sent {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: { key: string; value: { stringValue?: string } }[];
  status: { code?: number };
  links?: { spanId: string }[];
}

let server: Server;
let sent: Sent[];
let text: string;
let dropped: number;

beforeEach(async () => {
  sent = [];
  text = '';
  dropped = 0;
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      text += body;
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { scopeSpans: { spans: Sent[] }[] }[];
      };
      sent.push(...resourceSpans.flatMap(each => each.scopeSpans).flatMap(each => each.spans));
      response.end('{}');
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise(resolve => server.close(resolve));
});

const start = (ratio: number) =>
  startTracing({
    service: 'test',
    version: '1',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ratio,
    onDropped: spans => (dropped += spans),
  });

const serve = <T>(work: () => Promise<T>, traceparent?: string): Promise<T> => {
  const span = openServerSpan(traceparent, () => ({}));
  if (span === undefined) return work();
  return span.run(work).finally(() => span.end('GET /things', {}, false));
};

const step = (name: string, work: () => Promise<unknown> = () => Promise.resolve()) =>
  withSpan(() => ({ name }), work);

const find = (name: string) => sent.filter(span => span.name === name);

describe('tracing', () => {
  test('that is off runs the work, asks for nothing and tells nothing', async () => {
    const describeNothing = () => {
      throw new Error('not asked for');
    };
    expect(openServerSpan(undefined, describeNothing)).toBeUndefined();
    await expect(withSpan(describeNothing, () => Promise.resolve(1))).resolves.toBe(1);
    await expect(continueTraces(['00-x'], describeNothing, () => Promise.resolve(2))).resolves.toBe(2);
    expect([currentTraceparent(), recordedTraceparent()]).toEqual([undefined, undefined]);
  });

  test('sends the steps of a request beneath it, all of them at the latest when it stops', async () => {
    const { stop } = await start(1);
    await serve(() => step('outer', () => step('inner')));
    await stop();
    const [request, outer, inner] = ['GET /things', 'outer', 'inner'].map(name => find(name)[0]!);
    expect(request!.parentSpanId ?? '').toBe('');
    expect(outer).toMatchObject({ traceId: request!.traceId, parentSpanId: request!.spanId });
    expect(inner).toMatchObject({ traceId: request!.traceId, parentSpanId: outer!.spanId });
  });

  test('goes on with the trace of a caller, recorded or not', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { stop } = await start(0);
    await serve(() => step('recorded'), `00-${trace}-00f067aa0ba902b7-01`);
    await serve(async () => {
      await step('unrecorded');
      expect(currentTraceparent()).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
      expect(recordedTraceparent()).toBeUndefined();
    }, `00-${trace}-00f067aa0ba902b7-00`);
    await serve(() => step('own'));
    await stop();
    expect(find('recorded')).toEqual([expect.objectContaining({ traceId: trace })]);
    expect([...find('unrecorded'), ...find('own')]).toEqual([]);
  });

  test('tells of an error its code and never its message', async () => {
    const { stop } = await start(1);
    const failure = Object.assign(new Error('canary'), { code: 'DATABASE_ERROR' });
    await expect(serve(() => step('fails', () => Promise.reject(failure)))).rejects.toBe(failure);
    await stop();
    expect(find('fails')).toEqual([
      expect.objectContaining({
        attributes: [{ key: 'error.type', value: { stringValue: 'DATABASE_ERROR' } }],
        status: { code: 2 },
      }),
    ]);
    expect(text).not.toContain('canary');
  });

  test('shows work for several requests in the trace of each, and what happens within in the first', async () => {
    const { stop } = await start(1);
    const carried: string[] = [];
    const carry = () => {
      carried.push(recordedTraceparent() ?? '');
      return Promise.resolve();
    };
    await serve(carry);
    await serve(carry);
    await continueTraces(
      [...carried, ...carried],
      () => ({ name: 'together' }),
      () => step('within'),
    );
    await stop();
    const [first, second] = carried.map(value => find('together').find(span => value.includes(span.traceId)));
    expect(find('together')).toHaveLength(2);
    expect(find('within')).toEqual([expect.objectContaining({ parentSpanId: first!.spanId })]);
    expect(second!.links).toEqual([expect.objectContaining({ spanId: first!.spanId })]);
  });

  test('counts what the collector does not take', async () => {
    server.removeAllListeners('request');
    server.on('request', (_request, response) => response.writeHead(400).end());
    const { stop } = await start(1);
    await serve(() => Promise.resolve());
    await stop();
    expect(dropped).toBe(1);
  });

  test('is started once for a process', async () => {
    const { stop } = await start(1);
    await expect(start(1)).rejects.toThrow('already');
    await stop();
  });
});
