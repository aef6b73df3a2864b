import { REPLICA_REPORTED, REPLICA_STATES, type ReplicaReported } from '@strongroom/contracts/replica-events';
import { bodyParser } from '@strongroom/schema/parser';
import { Choice, Line, Timestamp, Type, Uuid } from '@strongroom/schema/types';
import type { Feed } from '@strongroom/service/follow-feed';
import type { Replicas } from '../domain/replicas.ts';

const parse = bodyParser(
  Type.Object({
    id: Uuid,
    hostname: Line(255, 1),
    service: Line(64, 1),
    version: Line(64, 1),
    startedAt: Timestamp,
    state: Choice(...REPLICA_STATES),
    message: Line(256),
  }),
);

/** Each replica of monitor hears all replicas of all services; who starts late knows all after one interval. */
export const replicaReports = (replicas: Replicas, now: () => Date): Feed => ({
  name: 'replicas',
  types: [`*.${REPLICA_REPORTED}`],
  take(event) {
    const report: ReplicaReported = parse(event.data);
    replicas.take(report, now());
  },
  load: () => Promise.resolve(),
});
