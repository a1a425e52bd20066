# Varnish. A write is passed to the API; the ban follows its answer, and goes out before it.
vcl 4.1;

backend api {
  .host = "127.0.0.1";
  .port = "@ORIGIN_PORT@";
}

sub vcl_recv {
  if (req.method == "GET" && req.url ~ "^/api/customers/") {
    return (hash);
  }
  return (pass);
}

sub vcl_backend_response {
  set beresp.http.x-key = bereq.http.host + bereq.url;
  if (bereq.method == "GET") {
    set beresp.ttl = 1h;
  }
}

sub vcl_deliver {
  if (req.method == "PUT" && resp.status < 400) {
    ban("obj.http.x-key == " + req.http.host + req.url);
  }
  unset resp.http.x-key;
}
