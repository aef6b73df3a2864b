import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { SpanAttributes } from './attributes.ts';
import type { ExportSettings } from './export.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

/**
 * Traces by OpenTelemetry, off until `startTracing`; while it is off every call here is a branch. Spans are made
 * by hand where the platform crosses a border: a request, a statement, a message, a call to another service. What
 * they may tell is the list in attributes.ts; nothing else is ever read.
 */

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

export interface SpanDescription {
  readonly name: string;
  /** `internal` unless stated. */
  readonly kind?: keyof typeof KINDS;
  readonly attributes?: SpanAttributes;
  /** W3C traceparents of what else led here. */
  readonly links?: readonly string[];
}

let tracer: Tracer | undefined;
const active = new AsyncLocalStorage<Span>();

/** One per process. Returns the way to stop, which sends what is left. */
export async function startTracing(settings: ExportSettings): Promise<{ stop: () => Promise<void> }> {
  if (tracer !== undefined) throw new Error('tracing has started already');
  // Loaded only where it is used.
  const { openExport } = await import('./export.ts');
  const exporting = openExport(settings);
  tracer = exporting.tracer;
  return {
    async stop() {
      tracer = undefined;
      await exporting.stop();
    },
  };
}

/** A span for what ends by a callback and not by a promise: a server's request. */
export interface OpenSpan {
  /** Undefined when the trace is not recorded. */
  readonly traceId: string | undefined;
  /** Runs `work`, and all that it starts, within the span. */
  run: <T>(work: () => T) => T;
  /** With the name that only the end knows; `failed` marks it as an error. */
  end: (name: string, attributes: SpanAttributes, failed: boolean) => void;
}

/**
 * The span of a request at a server: a child of `traceparent`, or the root of a new trace. Undefined while tracing
 * is off.
 */
export function openServerSpan(
  traceparent: string | undefined,
  describe: () => Omit<SpanDescription, 'name' | 'kind'>,
): OpenSpan | undefined {
  if (tracer === undefined) return undefined;
  const description: SpanDescription = { name: 'request', kind: 'server', ...describe() };
  const span = startSpan(tracer, description, carried(traceparent));
  return {
    traceId: span.isRecording() ? span.spanContext().traceId : undefined,
    run: work => active.run(span, work),
    end(name, attributes, failed) {
      span.updateName(name);
      span.setAttributes(attributes);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Runs `work` as a part of the trace that is being recorded; where there is none, just runs it, and asks nothing. */
export function withSpan<T>(describe: () => SpanDescription, work: () => Promise<T>): Promise<T> {
  const parent = recorded();
  if (tracer === undefined || parent === undefined) return work();
  return runSpan(startSpan(tracer, describe(), trace.setSpan(ROOT_CONTEXT, parent)), work);
}

/**
 * Goes on with traces that something else than a call has carried here: rows, messages. Work that is done at once for
 * several of them shows in each: the first has what happens within, and the others link it. Without a traceparent of
 * a recorded trace, just runs `work`.
 */
export function continueTraces<T>(
  traceparents: readonly string[],
  describe: () => SpanDescription,
  work: () => Promise<T>,
): Promise<T> {
  const [first, ...others] = new Set(traceparents);
  if (tracer === undefined || first === undefined) return work();
  const description = describe();
  const span = startSpan(tracer, description, carried(first));
  const links = [formatTraceparent(span.spanContext())];
  const by = tracer;
  const linking = others.map(other => startSpan(by, { ...description, links }, carried(other)));
  return runSpan(span, work).finally(() => linking.forEach(each => each.end()));
}

/** For the header of a call to another service; it also tells that a trace is not recorded. */
export function currentTraceparent(): string | undefined {
  const span = tracer === undefined ? undefined : active.getStore();
  return span === undefined ? undefined : formatTraceparent(span.spanContext());
}

/** For what is kept and taken up later; undefined unless the trace is recorded. */
export function recordedTraceparent(): string | undefined {
  const span = recorded();
  return span === undefined ? undefined : formatTraceparent(span.spanContext());
}

function recorded(): Span | undefined {
  if (tracer === undefined) return undefined;
  const span = active.getStore();
  return span?.isRecording() === true ? span : undefined;
}

function carried(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function startSpan(by: Tracer, description: SpanDescription, parent: Context): Span {
  const { name, kind = 'internal', attributes = {}, links = [] } = description;
  const contexts = links.map(parseTraceparent).filter(link => link !== undefined);
  return by.startSpan(
    name,
    { kind: KINDS[kind], attributes, links: contexts.map(context => ({ context })) },
    parent,
  );
}

async function runSpan<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await active.run(span, work);
  } catch (error) {
    // A message may repeat what a span must not tell; a code is one of ours or of the system's.
    const attributes: SpanAttributes = { 'error.type': codeOf(error) };
    span.setAttributes(attributes);
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'error';
