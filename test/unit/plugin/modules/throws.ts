export default () => {
  throw new Error('the option colour is needed');
};
