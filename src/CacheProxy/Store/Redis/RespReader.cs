using System.Buffers.Text;
using System.Text;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Reads RESP2 replies as they come in: errors, texts, numbers, and lists of those.</summary>
internal sealed class RespReader
{
    private const int BufferBytes = 32 * 1024;
    private const int WorthReadingIntoPlace = 4 * 1024;
    private const int LongestText = 512 * 1024 * 1024;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private bool _isList;
    private int _item;
    private int _items;
    private Memory<byte> _missing;
    private bool _endsText;
    private bool _intoPlace;

    public bool IsEmpty => _start == _end;

    /// <summary>Where what comes next goes: a long text straight to where it stays.</summary>
    public Memory<byte> Space
    {
        get
        {
            _intoPlace = _missing.Length >= WorthReadingIntoPlace;
            if (_intoPlace)
            {
                return _missing;
            }

            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                _end -= _start;
                _start = 0;
            }

            return _end < _buffer.Length ? _buffer.AsMemory(_end) : throw new IOException("Redis sent a line that is too long.");
        }
    }

    public void Received(int count)
    {
        if (count == 0)
        {
            throw new IOException("Redis closed the connection.");
        }

        if (_intoPlace)
        {
            _missing = _missing[count..];
            _endsText |= _missing.IsEmpty;
        }
        else
        {
            _end += count;
        }
    }

    /// <summary>False when there is more to come.</summary>
    public bool TryRead(WireCall call)
    {
        while (true)
        {
            if (!_missing.IsEmpty)
            {
                var count = Math.Min(_missing.Length, _end - _start);
                _buffer.AsSpan(_start, count).CopyTo(_missing.Span);
                _start += count;
                _missing = _missing[count..];
                if (!_missing.IsEmpty)
                {
                    return false;
                }

                _endsText = true;
            }

            if (_endsText)
            {
                if (_end - _start < 2)
                {
                    return false;
                }

                if (!_buffer.AsSpan(_start, 2).SequenceEqual("\r\n"u8))
                {
                    throw new IOException("Redis sent a text of another length than it said.");
                }

                _start += 2;
                _endsText = false;
                if (EndsReply())
                {
                    return true;
                }
            }
            else if (_buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8) is var length and >= 0)
            {
                var line = _buffer.AsSpan(_start, length);
                _start += length + 2;
                if (TakesLine(call, line) && EndsReply())
                {
                    return true;
                }
            }
            else
            {
                return false;
            }
        }
    }

    /// <summary>Whether it is an item that is complete with it.</summary>
    private bool TakesLine(WireCall call, ReadOnlySpan<byte> line)
    {
        var kind = line.IsEmpty ? default : line[0];
        switch (kind)
        {
            case (byte)'*' when !_isList:
                _items = Number(line);
                _isList = _items > 0;
                call.IsList = true;
                return !_isList;
            case (byte)'$':
                var length = Number(line);
                if (length < 0)
                {
                    call.TakeNull(_item);
                    return true;
                }

                _missing = call.Take(_item, length);
                _endsText = length == 0;
                return false;
            case (byte)'+' or (byte)':':
                line[1..].CopyTo(call.Take(_item, line.Length - 1).Span);
                return true;
            case (byte)'-':
                call.Error = Encoding.UTF8.GetString(line[1..]);
                return true;
            default:
                throw new IOException("This is no Redis.");
        }
    }

    private bool EndsReply()
    {
        if (_isList && ++_item < _items)
        {
            return false;
        }

        _isList = false;
        _item = _items = 0;
        return true;
    }

    private static int Number(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line[1..], out int number, out var read) && read == line.Length - 1 && number is >= -1 and <= LongestText
            ? number
            : throw new IOException("This is no Redis.");
}

/// <summary>Writes RESP commands one after the other.</summary>
internal sealed class RespWriter(int size)
{
    private byte[] _bytes = new byte[size];
    private int _written;
    private int _length;

    /// <summary>All commands that are complete.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _written);

    /// <summary>The command is complete. What is written of one that is not, the next one overwrites.</summary>
    public void Commit() => _written = _length;

    public void Clear(int mostKept)
    {
        _written = _length = 0;
        if (_bytes.Length > mostKept)
        {
            _bytes = new byte[size];
        }
    }

    public void Begin(int words)
    {
        _length = _written;
        Head('*', words);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Space(bytes.Length));

    public void Text(ReadOnlySpan<byte> bytes)
    {
        Head('$', bytes.Length);
        Raw(bytes);
        Raw("\r\n"u8);
    }

    public void Text(string text) => Text(default, text);

    public void Text(ReadOnlySpan<byte> prefix, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Head('$', prefix.Length + length);
        Raw(prefix);
        Encoding.UTF8.GetBytes(text, Space(length));
        Raw("\r\n"u8);
    }

    public void Text(RedisValue value)
    {
        var length = value.GetByteCount();
        Head('$', length);
        value.CopyTo(Space(length));
        Raw("\r\n"u8);
    }

    private void Head(char kind, int number)
    {
        const int Longest = 16;
        Ensure(Longest);
        _bytes[_length++] = (byte)kind;
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(_length), out var written);
        _length += written;
        Raw("\r\n"u8);
    }

    private Span<byte> Space(int length)
    {
        Ensure(length);
        _length += length;
        return _bytes.AsSpan(_length - length, length);
    }

    private void Ensure(int length)
    {
        if (length > _bytes.Length - _length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + length));
        }
    }
}

/// <summary>Writes itself, after the number of its words.</summary>
internal interface IRedisCommand
{
    void WriteTo(RespWriter writer);
}
