/** The login: `ada` and `enchantress`. */
export function Login() {
  return (
    <form method="post" action="/login">
      <label for="name">Name</label>
      <input id="name" name="name" autocomplete="username" required />
      <label for="password">Password</label>
      <input
        id="password"
        name="password"
        type="password"
        autocomplete="current-password"
        required
      />
      <button type="submit">Log in</button>
    </form>
  );
}
