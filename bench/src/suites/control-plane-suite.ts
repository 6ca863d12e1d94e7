import { allocationScenarios } from '../allocation/allocation-scenarios.js';
import { changesScenario } from '../control-plane/changes.js';
import { fromNothingScenario } from '../control-plane/from-nothing.js';
import type { Suite } from './suite.js';

/** Manifests as people write them to endpoints, one change at a time, and allocation alone. */
export const controlPlaneSuite: Suite = {
  name: 'control-plane',
  run({ services, endpointsPerService: podsPerService, controlPlane }, report) {
    const { podsOfLargeService, allocation, fromNothing, changes } = controlPlane;
    for (const count of services) {
      const size = { services: count, podsPerService };
      report(fromNothingScenario(size, fromNothing));
      report(changesScenario({ ...size, podsOfLargeService }, changes));
    }
    for (const result of allocationScenarios(allocation, changes)) report(result);
  },
};
