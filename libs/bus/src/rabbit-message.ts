import type { Message, Options } from 'amqplib';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';

export const EVENT_CONTENT_TYPE = 'application/cloudevents+json';

/** CloudEvents' AMQP binding, structured mode (CloudEvents 1.0.2, AMQP, 3.2). */
export function encodeEvent(event: CloudEvent): { content: Buffer; options: Options.Publish } {
  return {
    content: Buffer.from(JSON.stringify(event)),
    options: {
      persistent: true,
      contentType: EVENT_CONTENT_TYPE,
      messageId: event.id,
      type: event.type,
      timestamp: Math.floor(Date.parse(event.time) / 1000),
      // W3C trace context, for tools that follow messages without reading them.
      headers: event.traceparent === undefined ? {} : { traceparent: event.traceparent },
    },
  };
}

/** Undefined for anything but a CloudEvent in JSON. */
export function decodeEvent(content: Buffer): CloudEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
  return isEvent(value) ? value : undefined;
}

function isEvent(value: unknown): value is CloudEvent {
  if (typeof value !== 'object' || value === null || !('data' in value)) return false;
  const members = value as Record<string, unknown>;
  const isText = (name: string) => typeof members[name] === 'string' && members[name] !== '';
  const mayBeText = (name: string) => members[name] === undefined || isText(name);
  return (
    members['specversion'] === '1.0' &&
    ['id', 'source', 'type', 'time'].every(isText) &&
    ['traceparent', 'requestid'].every(mayBeText)
  );
}

/** What stands for a dead letter that cannot be read, so that it can be seen all the same. */
export const unreadableEvent = ({ properties }: Message): CloudEvent => ({
  specversion: '1.0',
  id: typeof properties.messageId === 'string' ? properties.messageId : '',
  source: '',
  type: 'unreadable',
  time: new Date(0).toISOString(),
  datacontenttype: 'application/json',
  data: {},
});
