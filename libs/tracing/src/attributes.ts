/**
 * All that a span may tell, named by OpenTelemetry's semantic conventions: no path with a name in it, no query string,
 * no value of a statement, no id of a person or a secret. What is not in this list does not compile.
 */
export type SpanAttributes = Readonly<{
  'http.request.method'?: string;
  /** The template, e.g. `/vault/api/v1/secrets/*name`; at the gateway the prefix of the service's API. */
  'http.route'?: string;
  'http.response.status_code'?: number;
  /** Host of another service of the platform. */
  'server.address'?: string;
  'db.system.name'?: 'postgresql';
  'db.operation.name'?: string;
  /** The text of a prepared statement: a constant of the code, whose values stand apart. */
  'db.query.text'?: string;
  'messaging.system'?: 'strongroom';
  'messaging.operation.type'?: 'send' | 'process';
  /** The queue, without the id of a replica; for what is sent, the type of the event. */
  'messaging.destination.name'?: string;
  'messaging.batch.message_count'?: number;
  /** Code of an error. */
  'error.type'?: string;
  'strongroom.service'?: string;
  'strongroom.request_id'?: string;
}>;
