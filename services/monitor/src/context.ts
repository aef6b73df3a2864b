import type { Foundations } from '@strongroom/service/foundations';

/** What monitor's operations may use. An operation names the slice that it needs. */
export type MonitorContext = Foundations;
