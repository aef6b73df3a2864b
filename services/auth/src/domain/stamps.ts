/** Who made a row and who changed it last. */
export interface Stamps {
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

export const madeBy = (callerId: string, now: Date): Stamps => ({
  createdAt: now,
  createdBy: callerId,
  updatedAt: now,
  updatedBy: callerId,
});
