/** The gateway's own error answers (README.md lists them). Messages hold nothing of the request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Further headers as name, value, … */
  readonly headers?: readonly string[];
}

const UPSTREAM_CODE = 'INTRA_SERVICE_COMMUNICATION_ERROR';

export const badRequest = (message: string): Refusal => ({ status: 400, code: 'BAD_REQUEST', message });

export const REPEATED_HEADER = badRequest('A header that must stand exactly once is missing or repeated');
export const UNKNOWN_CODING = badRequest('The transfer coding is not supported');

export const NOT_FOUND: Refusal = {
  status: 404,
  code: 'OBJECT_NOT_FOUND',
  message: 'Nothing is served under this path',
};

export const GONE: Refusal = {
  status: 410,
  code: 'OBJECT_NOT_FOUND',
  message: 'The SOAP service is not offered; the REST API under /api/v1 does all that it did',
};

export const NOT_ALLOWED: Refusal = {
  status: 405,
  code: 'BAD_REQUEST',
  message: 'The method is not allowed here',
  headers: ['allow', 'GET, HEAD'],
};

export const TOO_LARGE: Refusal = {
  status: 413,
  code: 'OUT_OF_RESOURCES',
  message: 'The request body is too large',
};

export const rateLimited = (retryAfterSeconds: number): Refusal => ({
  status: 429,
  code: 'MAX_LOAD',
  message: 'Too many requests from this address',
  headers: ['retry-after', String(retryAfterSeconds)],
});

export const INTERNAL: Refusal = {
  status: 500,
  code: 'GENERAL_ERROR',
  message: 'The server failed to answer this request',
};

export const BROKEN: Refusal = {
  status: 502,
  code: UPSTREAM_CODE,
  message: 'The service broke the connection before it answered',
};

export const UNREACHABLE: Refusal = {
  status: 503,
  code: UPSTREAM_CODE,
  message: 'The service cannot be reached',
  headers: ['retry-after', '1'],
};

export const OVERLOADED: Refusal = {
  status: 503,
  code: 'MAX_LOAD',
  message: 'The service has too many requests under way',
  headers: ['retry-after', '1'],
};

export const TIMED_OUT: Refusal = {
  status: 504,
  code: UPSTREAM_CODE,
  message: 'The service did not answer in time',
};
