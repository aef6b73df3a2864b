import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { refuse, sendHead } from './answer.ts';
import type { Context } from './context.ts';
import { answeredHeaders, forwardedHeaders } from './headers.ts';
import {
  BROKEN,
  OVERLOADED,
  REPEATED_HEADER,
  TIMED_OUT,
  TOO_LARGE,
  UNREACHABLE,
  type Refusal,
} from './refusals.ts';
import { isBrokenConnection, type Replica } from './replica.ts';
import { BodyTooLarge, GATHER_MAX_BYTES, gatherBody, meteredBody, type BodyLength } from './request-body.ts';
import { leaveReplica, takeReplica, type Outcome, type Upstream } from './upstreams.ts';

/** Per upstream. A hung service then costs a bounded number of connections, and the rest fail quickly. */
export const MAX_IN_FLIGHT = 1024;

/** The first try included, each on another replica. */
const MAX_TRIES = 3;

/** Where a checked request goes. */
export interface Passage {
  readonly upstream: Upstream;
  readonly length: BodyLength;
  readonly maxBodyBytes: number;
  readonly hasPages: boolean;
}

/** Passes a checked request on and streams the answer back, both ways at the slower side's pace. */
export function proxy(
  context: Context,
  passage: Passage,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): void {
  const { upstream, length, maxBodyBytes } = passage;
  const headers = forwardedHeaders(request, requestId);
  if (headers === undefined || upstream.inFlight >= MAX_IN_FLIGHT) {
    if (headers !== undefined) upstream.count('overloaded');
    refuse(context, request, response, requestId, headers === undefined ? REPEATED_HEADER : OVERLOADED);
    return;
  }
  if (typeof length === 'number' && length > 0) headers.push('content-length', String(length));
  if (request.headers.expect !== undefined && length !== 0 && request.httpVersion === '1.1')
    response.writeContinue();
  const pass = (body: Outgoing['body']) => {
    const method = request.method as Dispatcher.HttpMethod;
    const outgoing = { method, path: request.url ?? '/', headers, body };
    new Exchange(context, passage, request, response, requestId, outgoing).start();
  };
  if (length === 0) pass(null);
  else if (length !== 'chunked' && length <= GATHER_MAX_BYTES) gatherBody(request, pass);
  else pass(meteredBody(request, maxBodyBytes));
}

interface Outgoing extends Dispatcher.DispatchOptions {
  readonly body: Buffer | Readable | null;
}

/**
 * One request on its way. A class, because undici calls back on an object and methods on a prototype cost
 * no closures per request.
 */
class Exchange implements Dispatcher.DispatchHandler {
  private readonly context: Context;
  private readonly upstream: Upstream;
  private readonly hasPages: boolean;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly requestId: string;
  private readonly outgoing: Outgoing;
  /** Where the present try goes. */
  private replica: Replica | undefined;
  /** Set once a connection stands and the request is written to it. */
  private controller: Dispatcher.DispatchController | undefined;
  /** Replicas tried, the present one included. */
  private readonly tried: Replica[] = [];

  constructor(
    context: Context,
    { upstream, hasPages }: Passage,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    outgoing: Outgoing,
  ) {
    this.context = context;
    this.upstream = upstream;
    this.hasPages = hasPages;
    this.request = request;
    this.response = response;
    this.requestId = requestId;
    this.outgoing = outgoing;
  }

  start(): void {
    this.upstream.inFlight += 1;
    this.upstream.retries.earn();
    this.response.once('close', () => this.clientDone());
    const replica = takeReplica(this.upstream);
    if (replica !== undefined) {
      this.tryAt(replica, replica.pool);
      return;
    }
    this.upstream.discovery.hurry();
    this.fail(UNREACHABLE);
  }

  private tryAt(replica: Replica, pool: Dispatcher): void {
    this.replica = replica;
    this.controller = undefined;
    this.tried.push(replica);
    pool.dispatch(this.outgoing, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.response.destroyed) this.clientGone(controller);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    // Undici's HTTP/1.1 parser gives a list of buffers; its type also covers other sources.
    const rawHeaders = controller.rawHeaders as Buffer[];
    const headers = answeredHeaders(rawHeaders, this.requestId, this.hasPages);
    sendHead(this.context, this.response, status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return;
    controller.pause();
    this.response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.ended('answered');
    this.response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { replica } = this;
    if (this.response.destroyed) {
      this.ended('client-gone');
      return;
    }
    const refusal = this.refusalOf(error);
    // One that broke off is asked at once whether it lives; meanwhile others are better.
    if (refusal === UNREACHABLE) this.doubt('unreachable');
    else if (isBrokenConnection(error)) this.doubt('unready');
    if (this.response.headersSent) {
      // The status cannot be taken back; a cut connection is the one sign that the answer is not whole.
      this.ended('broken');
      this.log(BROKEN);
      this.response.destroy();
      return;
    }
    if (replica !== undefined && this.mayRepeat(refusal, error) && this.tryAgain(replica, refusal)) return;
    this.fail(refusal);
  }

  /**
   * Whether a second try can do no harm: the request has reached nobody, as no connection could be opened; or it was
   * cut off and only reads. A write that may have been done is never repeated.
   */
  private mayRepeat(refusal: Refusal, error: Error): boolean {
    const { method, body } = this.outgoing;
    if (refusal === UNREACHABLE) return !(body instanceof Readable && body.destroyed);
    return isBrokenConnection(error) && READS.has(method) && !(body instanceof Readable);
  }

  /** At a replica that was not tried; else, if a kept connection broke, once more at the same one by a new one. */
  private tryAgain(failed: Replica, refusal: Refusal): boolean {
    const { tried, upstream } = this;
    if (tried.length >= MAX_TRIES) return false;
    const isOther = (replica: Replica) => replica.health !== 'unreachable' && !tried.includes(replica);
    const isSame = (replica: Replica) => replica === failed && tried.length === 1;
    const next =
      takeReplica(upstream, isOther) ?? (refusal === UNREACHABLE ? undefined : takeReplica(upstream, isSame));
    if (next === undefined) return false;
    if (!upstream.retries.spend()) {
      leaveReplica(next);
      return false;
    }
    this.ended('retried');
    this.tryAt(next, next.fresh);
    return true;
  }

  private fail(refusal: Refusal): void {
    this.ended(OUTCOMES.get(refusal) ?? 'refused');
    if (refusal.status >= 500) this.log(refusal);
    if (this.outgoing.body instanceof Readable) this.outgoing.body.destroy();
    refuse(this.context, this.request, this.response, this.requestId, refusal);
  }

  private refusalOf(error: Error): Refusal {
    if (error instanceof BodyTooLarge) return TOO_LARGE;
    if (this.controller === undefined) return UNREACHABLE;
    return codeOf(error) === 'UND_ERR_HEADERS_TIMEOUT' ? TIMED_OUT : BROKEN;
  }

  private doubt(health: 'unready' | 'unreachable'): void {
    if (this.replica !== undefined) this.upstream.discovery.doubt(this.replica, health);
  }

  /** Ends a try: undici calls back once for each. */
  private ended(outcome: Outcome): void {
    this.upstream.count(outcome);
    if (this.replica !== undefined) leaveReplica(this.replica);
    this.replica = undefined;
  }

  private clientDone(): void {
    this.upstream.inFlight -= 1;
    if (!this.response.writableFinished && this.controller !== undefined) this.clientGone(this.controller);
  }

  private clientGone(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('the client is gone'));
  }

  private log({ status, code }: Refusal): void {
    const { requestId, upstream } = this;
    this.context.log.warn('upstream failed', { requestId, upstream: upstream.name, status, code });
  }
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const OUTCOMES: ReadonlyMap<Refusal, Outcome> = new Map([
  [UNREACHABLE, 'unreachable'],
  [TIMED_OUT, 'timed-out'],
  [BROKEN, 'broken'],
]);

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);
