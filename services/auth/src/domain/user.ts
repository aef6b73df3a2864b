/** A person. `document` is what clients sent and want back unchanged (contract 5.1). */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly sourceId: string;
  readonly document: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** argon2id; null: cannot sign in by password. */
  readonly passwordHash: string | null;
  readonly passwordSetAt: Date | null;
  readonly passwordChangeRequired: boolean;
  readonly isDisabled: boolean;
  /** An administrator demands a second factor. */
  readonly mfaRequired: boolean;
  readonly totpConfirmedAt: Date | null;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}
