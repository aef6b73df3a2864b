/** A kind of record in the trail. */
export interface AuditEventType {
  readonly code: number;
  readonly name: string;
  readonly description: string;
}
