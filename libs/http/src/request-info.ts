import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { inRequest } from '@strongroom/log/request-context';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const infos = new WeakMap<Request, RequestInfo>();

/**
 * The id and the peer that the gateway stated. They go into audit records and every line of the log. The peer also decides
 * whether a token that is limited to an address holds; whoever reaches a service directly can state another, so
 * that limit is worth as much as the network between gateway and services.
 */
export const nameRequest: RequestHandler = (request, _response, next) => {
  const id = request.headers['x-request-id'];
  const peer = request.headers['x-forwarded-for'];
  const agent = request.headers['user-agent'] ?? '';
  const info: RequestInfo = {
    id: typeof id === 'string' && UUID.test(id) ? id : randomUUID(),
    remoteAddress:
      typeof peer === 'string' && peer.length <= 64 ? peer : (request.socket.remoteAddress ?? ''),
    userAgent: agent.slice(0, 256),
  };
  infos.set(request, info);
  inRequest({ requestId: info.id }, next);
};

export function requestInfo(request: Request): RequestInfo {
  const info = infos.get(request);
  if (info === undefined) throw new Error('nameRequest must come before every other middleware');
  return info;
}
