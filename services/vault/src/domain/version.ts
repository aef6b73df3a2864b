import type { Secret } from './secret.ts';

/** One write of a secret's content, without the content. */
export interface Version {
  readonly version: number;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** From then on it counts as deleted; it can be undeleted. */
  readonly deletionTime: Date | undefined;
  /** Its content is gone for good. */
  readonly destroyed: boolean;
}

/** A hundred years. */
export const MAX_DELETE_VERSION_AFTER_SECONDS = 3_153_600_000;

/** Whether its content may be read at that time. */
export const isReadable = (version: Pick<Version, 'deletionTime' | 'destroyed'>, now: Date): boolean =>
  !version.destroyed && (version.deletionTime === undefined || version.deletionTime > now);

/** Whether undeleting it changes anything. */
export const isUndeletable = (version: Pick<Version, 'deletionTime' | 'destroyed'>): boolean =>
  !version.destroyed && version.deletionTime !== undefined;

/** The version that a write of content makes; `secret` is what it is afterwards. */
export const newestVersion = (
  secret: Pick<Secret, 'version' | 'updatedAt' | 'updatedBy' | 'deleteVersionAfterSeconds'>,
): Version => ({
  version: secret.version,
  createdAt: secret.updatedAt,
  createdBy: secret.updatedBy,
  deletionTime:
    secret.deleteVersionAfterSeconds === 0
      ? undefined
      : new Date(secret.updatedAt.getTime() + secret.deleteVersionAfterSeconds * 1_000),
  destroyed: false,
});
