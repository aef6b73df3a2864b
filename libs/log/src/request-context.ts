import { AsyncLocalStorage } from 'node:async_hooks';

/** What every line tells that is written while a request, or an event, is dealt with. */
export type RequestContext = Readonly<{
  /** The gateway's name for the request; the same in every service that works for it, and in audit records. */
  requestId?: string;
  /** W3C trace id, when the trace is recorded. */
  traceId?: string;
  /** The CloudEvent that is being consumed. */
  eventId?: string;
}>;

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work`, and all that it starts, in `context`; what was known before and is not named anew, stays. */
export const inRequest = <T>(context: RequestContext, work: () => T): T =>
  storage.run({ ...storage.getStore(), ...context }, work);

export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** For what a request sets off and outlives it: its lines are no longer the request's. */
export const outsideRequest = <T>(work: () => T): T => storage.exit(work);
