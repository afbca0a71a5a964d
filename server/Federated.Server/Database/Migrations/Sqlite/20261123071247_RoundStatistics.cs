using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Federated.Server.Database.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class RoundStatistics : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "statistics_blob_id",
                table: "rounds",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "statistics_blob_id",
                table: "rounds");
        }
    }
}
