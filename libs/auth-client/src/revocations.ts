import {
  MAX_ACCESS_TOKEN_SECONDS,
  type Revocations as Missed,
  type SubjectRights,
} from '@strongroom/contracts/session-events';

/** The most that a subject may do; a token may say less. */
export interface ReducedRights {
  readonly roles: ReadonlySet<string>;
  readonly permissions: ReadonlySet<string>;
}

/**
 * What auth has said about tokens that are still about (docs/adr/0011-effects-at-once.md). It only ever takes
 * away. `issuedAt` is a token's `iat`: seconds since 1970.
 */
export interface Revocations {
  endSessions: (ids: readonly string[]) => void;
  /** The newest announcement about a subject counts. */
  reduceRights: (subjects: readonly SubjectRights[]) => void;
  /** What the cache kept. An older announcement never replaces a newer one. */
  recall: (recalled: Recalled) => void;
  /** The place in the order of what was heard; to be taken before auth is asked. */
  mark: () => number;
  /** What auth answered. What was heard after the mark is newer and stays. */
  catchUp: (missed: Missed, mark: number) => void;
  isEnded: (sessionId: string, issuedAt: number) => boolean;
  /** Undefined: the token says it all. */
  rightsOf: (subjectId: string, issuedAt: number) => ReducedRights | undefined;
}

/** `at`: when, in seconds since 1970. */
export type Announced = SubjectRights & { readonly at: number };

export interface Recalled {
  readonly sessionIds: readonly string[];
  /** The oldest first. */
  readonly subjects: readonly Announced[];
}

/**
 * How far the clocks of the platform may differ. A token that was issued later than this after an announcement
 * knows of it, and may say more than it: what the subject gained since.
 */
const CLOCK_MARGIN_SECONDS = 30;
/** After this no token is left that an announcement concerns. */
export const KEEP_SECONDS = MAX_ACCESS_TOKEN_SECONDS + CLOCK_MARGIN_SECONDS;

interface Heard {
  readonly heardAt: number;
}

interface HeardRights extends Heard, ReducedRights {
  readonly place: number;
}

/**
 * Remembers in memory, for as long as tokens live, and at most `capacity` sessions and as many subjects. When
 * more come, the oldest are forgotten and every token of their time is refused instead: its holder signs in
 * anew, and nobody keeps what was taken away.
 */
export function createRevocations(now: () => Date, capacity = 100_000): Revocations {
  const sessions = new Map<string, Heard>();
  const rights = new Map<string, HeardRights>();
  let place = 0;
  let refusedUntil = Number.NEGATIVE_INFINITY;

  const seconds = () => now().getTime() / 1000;

  function remember<T extends Heard>(memory: Map<string, T>, key: string, value: T): void {
    // A Map keeps the order of insertion: the oldest come first.
    memory.delete(key);
    memory.set(key, value);
    for (const [oldest, { heardAt }] of memory) {
      const isOver = heardAt + KEEP_SECONDS <= value.heardAt;
      if (!isOver && memory.size <= capacity) break;
      memory.delete(oldest);
      if (!isOver) refusedUntil = Math.max(refusedUntil, heardAt + CLOCK_MARGIN_SECONDS);
    }
  }

  const rememberRights = ({ id, roles, permissions }: SubjectRights, heardAt = seconds()) =>
    remember(rights, id, {
      heardAt,
      place: (place += 1),
      roles: new Set(roles),
      permissions: new Set(permissions),
    });

  function endSessions(ids: readonly string[]): void {
    for (const id of ids) remember(sessions, id, { heardAt: seconds() });
  }

  return {
    endSessions,
    reduceRights(subjects) {
      for (const subject of subjects) rememberRights(subject);
    },
    recall(recalled) {
      endSessions(recalled.sessionIds.filter(id => !sessions.has(id)));
      for (const subject of recalled.subjects) {
        const known = rights.get(subject.id);
        if (known === undefined || known.heardAt < subject.at) rememberRights(subject, subject.at);
      }
    },
    mark: () => place,
    catchUp(missed, mark) {
      endSessions(missed.sessionIds);
      for (const subject of missed.subjects) {
        const known = rights.get(subject.id);
        if (known === undefined || known.place <= mark) rememberRights(subject);
      }
    },
    isEnded: (sessionId, issuedAt) => sessions.has(sessionId) || issuedAt <= refusedUntil,
    rightsOf(subjectId, issuedAt) {
      const reduced = rights.get(subjectId);
      if (reduced === undefined || issuedAt > reduced.heardAt + CLOCK_MARGIN_SECONDS) return undefined;
      return reduced;
    },
  };
}
