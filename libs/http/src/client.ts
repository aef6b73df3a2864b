import { request } from 'undici';
import { AppError } from '@strongroom/errors/app-error';
import { fromErrorBody } from '@strongroom/errors/error-body';
import { currentRequest } from '@strongroom/log/request-context';
import { currentTraceparent, withSpan } from '@strongroom/tracing/tracing';

export interface OutgoingRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON, or as it is when text. */
  body?: unknown;
  deadlineMs: number;
}

/**
 * One call to another service. Its refusal becomes the AppError that it stated; silence, a broken
 * connection or an unreadable answer becomes `unavailable`. The other service hears which request it works for.
 */
export function callJson(outgoing: OutgoingRequest): Promise<unknown> {
  return withSpan(
    () => ({
      name: outgoing.method,
      kind: 'client',
      attributes: {
        'http.request.method': outgoing.method,
        'server.address': new URL(outgoing.url).host,
      },
    }),
    () => call(outgoing),
  );
}

async function call(outgoing: OutgoingRequest): Promise<unknown> {
  const { method, url, deadlineMs } = outgoing;
  const isText = typeof outgoing.body === 'string';
  let status: number;
  let body: unknown;
  try {
    const response = await request(url, {
      method,
      headers: {
        ...(isText ? {} : { 'content-type': 'application/json' }),
        ...contextHeaders(),
        ...outgoing.headers,
      },
      body:
        outgoing.body === undefined
          ? null
          : isText
            ? (outgoing.body as string)
            : JSON.stringify(outgoing.body),
      signal: AbortSignal.timeout(deadlineMs),
    });
    status = response.statusCode;
    const text = await response.body.text();
    body = text === '' ? undefined : parseAnswer(text);
  } catch (error) {
    throw serviceUnreachable(error);
  }
  if (status >= 400) throw fromErrorBody(status, body);
  return body;
}

function contextHeaders(): Record<string, string> {
  const requestId = currentRequest()?.requestId;
  const traceparent = currentTraceparent();
  return {
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold a token.
    throw new Error('the answer is not JSON');
  }
}

export const serviceUnreachable = (cause: unknown) =>
  new AppError({
    kind: 'unavailable',
    code: 'INTRA_SERVICE_COMMUNICATION_ERROR',
    message: 'Another service of the platform did not answer',
    retryAfterSeconds: 1,
    cause,
  });
