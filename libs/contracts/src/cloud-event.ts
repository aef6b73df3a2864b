/** CloudEvents 1.0, structured JSON. `type` is `strongroom.<service>.<object>.<past tense verb>`. */
export interface CloudEvent<T = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Extensions, set when the event is appended: the recorded trace (W3C) and the request that led to it. */
  readonly traceparent?: string;
  readonly requestid?: string;
  readonly data: T;
}

export function cloudEvent<T>(service: string, name: string, id: string, time: Date, data: T): CloudEvent<T> {
  return {
    specversion: '1.0',
    id,
    source: `/strongroom/${service}`,
    type: `strongroom.${service}.${name}`,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    data,
  };
}
