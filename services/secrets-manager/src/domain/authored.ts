/** Which object it is, who made it and who changed it last. The server sets all of it. */
export interface Authored {
  readonly id: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}
