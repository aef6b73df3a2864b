import type { ReplicaReported } from '@strongroom/contracts/replica-events';
import { REPORT_INTERVAL_MS } from '@strongroom/contracts/replica-events';

/** A replica as monitor knows it. */
export interface Replica {
  readonly id: string;
  readonly hostname: string;
  readonly service: string;
  readonly version: string;
  readonly startedAt: string;
  /** By monitor's own clock. */
  readonly heardAt: Date;
  readonly isReady: boolean;
  /** `OK`, or what is wrong. */
  readonly message: string;
}

const SILENT_AFTER_MS = 3 * REPORT_INTERVAL_MS;
const FORGOTTEN_AFTER_MS = 600_000;
/** Far more than any installation has; beyond it somebody floods the bus. */
const MAX_REPLICAS = 1_000;

const NOT_RESPONDING = 'NOT RESPONDING';
const UNKNOWN = 'UNKNOWN: monitor cannot reach the bus';

export interface Replicas {
  take: (report: ReplicaReported, at: Date) => void;
  /**
   * By host, service and id; each id once. `isHearing`: whether reports reach monitor at all; while they do not,
   * nobody is forgotten, and silence is called by its cause.
   */
  list: (at: Date, isHearing: boolean) => readonly Replica[];
}

/**
 * What the replicas said of themselves, kept in memory. One that fell silent is listed as not responding, and is
 * forgotten ten minutes after its last word; one that stopped cleanly is forgotten at once.
 */
export function createReplicas(): Replicas {
  const known = new Map<string, Replica>();
  const forget = (at: Date) => {
    for (const [id, { heardAt }] of known) {
      if (at.getTime() - heardAt.getTime() > FORGOTTEN_AFTER_MS) known.delete(id);
    }
  };
  return {
    take(report, at) {
      forget(at);
      if (report.state === 'stopped') known.delete(report.id);
      else if (known.has(report.id) || known.size < MAX_REPLICAS) {
        const { id, hostname, service, version, startedAt, message } = report;
        const isReady = report.state === 'ready';
        known.set(id, { id, hostname, service, version, startedAt, heardAt: at, isReady, message });
      }
    },
    list(at, isHearing) {
      if (isHearing) forget(at);
      return [...known.values()]
        .map(replica =>
          at.getTime() - replica.heardAt.getTime() > SILENT_AFTER_MS
            ? { ...replica, isReady: false, message: isHearing ? NOT_RESPONDING : UNKNOWN }
            : replica,
        )
        .sort((a, b) => compare(keyOf(a), keyOf(b)));
    },
  };
}

const keyOf = ({ hostname, service, id }: Replica): string => `${hostname}\n${service}\n${id}`;
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
