import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { answeredHeaders, forwardedHeaders } from './headers.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

const ID = '6f0c3b5e-1a5d-4b7e-9a53-0d6a7d6d1a11';
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function requestWith(...rawHeaders: string[]): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  request.httpVersion = '1.1';
  request.rawHeaders = ['Host', 'example.test', ...rawHeaders];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!.toLowerCase();
    const known = request.headers[name];
    const value = request.rawHeaders[index + 1]!;
    request.headers[name] = known === undefined ? value : `${String(known)}, ${value}`;
  }
  return request;
}

const forwarded = (...rawHeaders: string[]) => toMap(forwardedHeaders(requestWith(...rawHeaders), ID) ?? []);
const answered = (...rawHeaders: string[]) => toMap(answeredHeaders(toBuffers(rawHeaders), ID));
const answeredPage = (...rawHeaders: string[]) => toMap(answeredHeaders(toBuffers(rawHeaders), ID, true));
const toBuffers = (texts: readonly string[]) => texts.map(text => Buffer.from(text, 'latin1'));

function toMap(headers: readonly string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!;
    const known = map.get(name);
    const value = headers[index + 1]!;
    map.set(name, known === undefined ? value : `${known} | ${value}`);
  }
  return map;
}

describe('forwardedHeaders', () => {
  test('passes what the caller says and adds what the gateway knows', () => {
    const headers = forwarded(
      'Authorization',
      'Bearer t',
      'Content-Type',
      'application/json',
      'X-Other',
      'é',
    );
    expect(headers.get('authorization')).toBe('Bearer t');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-other')).toBe('é');
    expect(headers.get('x-request-id')).toBe(ID);
    expect(headers.get('x-forwarded-proto')).toBe('https');
    expect(headers.has('x-forwarded-for')).toBe(true);
    expect(headers.has('host')).toBe(false);
  });

  test('believes no identity that the caller claims', () => {
    const headers = forwarded(
      ...[
        'X-Request-Id',
        'evil',
        'X-Forwarded-For',
        'evil',
        'x-FORWARDED-proto',
        'evil',
        'X-Forwarded-Host',
        'evil',
      ],
      ...['Forwarded', 'for=evil', 'X-Real-Ip', 'evil', 'X-Strongroom-User', 'evil'],
    );
    expect([...headers.values()].join()).not.toContain('evil');
  });

  test('ends hop-by-hop headers, named ones too', () => {
    const headers = forwarded(
      ...['Connection', 'close, X-Hop', 'X-Hop', '1', 'Keep-Alive', 'x', 'TE', 'trailers', 'Trailer', 'x'],
      ...[
        'Transfer-Encoding',
        'chunked',
        'Upgrade',
        'h2c',
        'Proxy-Authorization',
        'x',
        'Expect',
        '100-continue',
      ],
    );
    expect([...headers.keys()].sort()).toEqual([
      'traceparent',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-request-id',
    ]);
  });

  test('keeps a valid trace with its state and starts a new one otherwise', () => {
    const kept = forwarded('traceparent', TRACEPARENT, 'tracestate', 'a=1');
    expect(kept.get('traceparent')).toBe(TRACEPARENT);
    expect(kept.get('tracestate')).toBe('a=1');
    for (const headers of [
      forwarded('traceparent', 'nonsense', 'tracestate', 'a=1'),
      forwarded('tracestate', 'a=1'),
    ]) {
      expect(headers.get('traceparent')).toMatch(/^00-6f0c3b5e1a5d4b7e9a530d6a7d6d1a11-[0-9a-f]{16}-00$/);
      expect(headers.has('tracestate')).toBe(false);
    }
  });

  test.each([
    ['Authorization', ['Authorization', 'Bearer a', 'authorization', 'Bearer b']],
    ['Host', ['Host', 'other.test']],
  ])('refuses a repeated %s', (_name, rawHeaders) => {
    expect(forwardedHeaders(requestWith(...rawHeaders), ID)).toBeUndefined();
  });

  test('refuses a missing Host, but from HTTP/1.0', () => {
    const request = requestWith();
    request.rawHeaders = [];
    expect(forwardedHeaders(request, ID)).toBeUndefined();
    request.httpVersion = '1.0';
    expect(forwardedHeaders(request, ID)).toBeDefined();
  });
});

describe('answeredHeaders', () => {
  test('adds the security headers, the request id and no-store', () => {
    const headers = answered('Content-Type', 'application/json');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x-request-id')).toBe(ID);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const [name, value] of toMap(SECURITY_HEADERS)) expect(headers.get(name)).toBe(value);
  });

  test("replaces the service's own versions of them, keeps its Cache-Control and hides what it runs on", () => {
    const headers = answered(
      ...['X-Request-Id', 'other', 'X-Frame-Options', 'ALLOWALL', 'Content-Security-Policy', 'default-src *'],
      ...['X-Powered-By', 'Express', 'Server', 'x', 'Cache-Control', 'max-age=5'],
    );
    expect(headers.get('x-request-id')).toBe(ID);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('content-security-policy')).not.toContain('*');
    expect(headers.get('cache-control')).toBe('max-age=5');
    expect(headers.has('x-powered-by') || headers.has('server')).toBe(false);
  });

  test("keeps a page's own policy, alone, and replaces all else", () => {
    const headers = answeredPage(
      ...['Content-Security-Policy', "script-src 'self'", 'X-Frame-Options', 'ALLOWALL'],
      ...['Connection', 'Content-Security-Policy'],
    );
    expect(headers.get('content-security-policy')).toBe("script-src 'self'");
    for (const [name, value] of toMap(SECURITY_HEADERS)) {
      if (name !== 'content-security-policy') expect(headers.get(name)).toBe(value);
    }
  });

  test('gives a page without a policy the one that lets nothing run', () => {
    expect(answeredPage('Content-Type', 'text/html').get('content-security-policy')).toBe(
      toMap(SECURITY_HEADERS).get('content-security-policy'),
    );
  });

  test('keeps repeated headers apart and bytes as they are', () => {
    const headers = answered('Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Latin', 'é');
    expect(headers.get('set-cookie')).toBe('a=1 | b=2');
    expect(headers.get('x-latin')).toBe('é');
  });

  test('ends hop-by-hop headers, named ones too, but never a security header', () => {
    const headers = answered('X-Hop', '1', 'Connection', 'X-Hop, X-Frame-Options', 'Keep-Alive', 'timeout=5');
    expect(headers.has('x-hop') || headers.has('connection') || headers.has('keep-alive')).toBe(false);
    expect(headers.get('x-frame-options')).toBe('DENY');
  });
});
