export default function Promotions() {
  return null;
}
