// Card collection: a long day with the most people in the evening.
import hongbao from 'k6/x/hongbao';
import { festivalOf, visit } from './festival.js';

const festival = hongbao.festival(festivalOf('card-collection'));

export const options = festival.options();
export const setup = () => festival.begin();
export const person = () => visit(festival);
export const teardown = () => festival.audit();
