import { Context } from '@temporalio/activity';
import type { SweepPorts, SweepReport } from '../maintenance/sweep.ts';
import { sweep } from './sweep.ts';

export type { SweepReport } from '../maintenance/sweep.ts';

/** The effects that belong to no single job, each safe to run twice. Names are wire format. */
export interface MaintenanceActivities {
  readonly sweep: () => Promise<SweepReport>;
}

export function createMaintenanceActivities(ports: SweepPorts): MaintenanceActivities {
  return {
    sweep: () => {
      const { cancellationSignal } = Context.current();
      return sweep(ports, (progress) => Context.current().heartbeat(progress), cancellationSignal);
    },
  };
}
