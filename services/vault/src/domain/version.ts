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

/** Whether its content may be read at that time. */
export const isReadable = (version: Pick<Version, 'deletionTime' | 'destroyed'>, now: Date): boolean =>
  !version.destroyed && (version.deletionTime === undefined || version.deletionTime > now);
