// The rain of the whole reward centre: people win cash and coupons, use coupons, and send packets to others, who open them.
// The service must serve the same scenario: hongbao serve --scenario scenarios/reward-centre.yaml
import hongbao from 'k6/x/hongbao';
import { festivalOf, visit } from './festival.js';

const festival = hongbao.festival(festivalOf('rain', 'scenarios/reward-centre.yaml'));

export const options = festival.options();
export const setup = () => festival.begin();
export const person = () => visit(festival);
export const teardown = () => festival.audit();
