export { default } from './good.ts';
